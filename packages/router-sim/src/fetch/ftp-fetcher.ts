/** Fetches from an FTP server with basic-ftp, with the user and password a router was given. Passive mode, as routers use. */
import { posix } from 'node:path'
import { Writable } from 'node:stream'
import { Client, FTPError } from 'basic-ftp'
import {
  type Credentials,
  type FetchFailure,
  type FetchSession,
  fetchError,
  MAX_FILE_BYTES,
} from './fetcher.ts'
import type { RepositoryUrl } from './repository-url.ts'

const TIMEOUT_MS = 10_000
const DEFAULT_PORT = 21
/** Who gives no user is anonymous (RFC 1635). */
const ANONYMOUS = 'anonymous'
/** Replies that mean: wrong user or password (RFC 959). */
const NOT_LOGGED_IN = 530
/** Reply for a file that is not there, or may not be read. */
const FILE_UNAVAILABLE = 550

/** Opens an FTP session. */
export async function openFtp(
  url: RepositoryUrl,
  credentials: Credentials,
  signal: AbortSignal,
): Promise<FetchSession> {
  const client = new Client(TIMEOUT_MS)
  const stop = () => client.close()
  signal.addEventListener('abort', stop, { once: true })
  try {
    await client.connect(url.host, url.port ?? DEFAULT_PORT)
    await client.login(credentials.user === '' ? ANONYMOUS : credentials.user, credentials.password)
    await client.useDefaultSettings()
  } catch (error) {
    client.close()
    signal.removeEventListener('abort', stop)
    throw fetchError(failureOf(error), 'cannot open the repository')
  }
  return {
    read: (file, progress) => readFile(client, posix.join(url.directory, file), progress),
    close() {
      signal.removeEventListener('abort', stop)
      client.close()
    },
  }
}

async function readFile(client: Client, path: string, progress: (bytes: number) => void): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk)
      bytes += chunk.length
      progress(bytes)
      done(bytes > MAX_FILE_BYTES ? new Error('file too large') : undefined)
    },
  })
  try {
    await client.downloadTo(sink, path)
  } catch (error) {
    throw fetchError(failureOf(error), 'cannot read the file')
  }
  return Buffer.concat(chunks)
}

function failureOf(error: unknown): FetchFailure {
  if (error instanceof FTPError) {
    if (error.code === NOT_LOGGED_IN) return 'denied'
    return error.code === FILE_UNAVAILABLE ? 'not-found' : 'failed'
  }
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ECONNREFUSED') return 'refused'
  if (code === 'ENOTFOUND' || code === 'EHOSTUNREACH' || code === 'ENETUNREACH') return 'unreachable'
  return error instanceof Error && /timeout/i.test(error.message) ? 'timeout' : 'failed'
}
