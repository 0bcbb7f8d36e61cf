/** Whether a repository answers at all; a router finds that out before it asks for a password. */
import { connect } from 'node:net'
import type { FetchFailure } from './fetcher.ts'
import type { RepositoryUrl } from './repository-url.ts'

const CONNECT_TIMEOUT_MS = 10_000
const DEFAULT_PORTS: Readonly<Record<string, number>> = { sftp: 22, scp: 22, ftp: 21, http: 80, https: 443 }

/** Connects and hangs up: undefined when somebody listens. */
export function probe(url: RepositoryUrl, signal: AbortSignal): Promise<FetchFailure | undefined> {
  return new Promise((resolve) => {
    const socket = connect({
      host: url.host,
      port: url.port ?? DEFAULT_PORTS[url.scheme] ?? 22,
      timeout: CONNECT_TIMEOUT_MS,
    })
    const end = (failure: FetchFailure | undefined) => {
      signal.removeEventListener('abort', gone)
      socket.destroy()
      resolve(failure)
    }
    const gone = () => end('failed')
    signal.addEventListener('abort', gone, { once: true })
    socket.once('connect', () => end(undefined))
    socket.once('timeout', () => end('timeout'))
    socket.once('error', (error: NodeJS.ErrnoException) => end(failureOfCode(error.code)))
  })
}

function failureOfCode(code: string | undefined): FetchFailure {
  if (code === 'ECONNREFUSED') return 'refused'
  return code === 'ETIMEDOUT' ? 'timeout' : 'unreachable'
}
