/**
 * Fetches from a web server: one GET for each file, Basic authentication only if the URL names a user. Redirections are
 * not followed. Certificates are not checked, as host keys are not: a laboratory's are signed by nobody.
 */
import { type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { posix } from 'node:path'
import { type Credentials, type Fetcher, type FetchFailure, fetchError, MAX_FILE_BYTES } from './fetcher.ts'
import type { RepositoryUrl } from './repository-url.ts'

/** A server that says nothing for so long is given up. */
const TIMEOUT_MS = 10_000

/** A fetcher for `http://` and `https://`. @param timeoutMs how long a server may be silent */
export function createHttpFetcher(timeoutMs = TIMEOUT_MS): Fetcher {
  return async (url, credentials, signal) => {
    const closing = new AbortController()
    const ended = AbortSignal.any([signal, closing.signal])
    return {
      read: (file, progress) => readFile({ url, credentials, file, timeoutMs, signal: ended }, progress),
      close: () => closing.abort(),
    }
  }
}

interface Wanted {
  readonly url: RepositoryUrl
  readonly credentials: Credentials
  readonly file: string
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

async function readFile(wanted: Wanted, progress: (bytes: number) => void): Promise<Buffer> {
  try {
    const response = await ask(wanted)
    const failure = failureOfStatus(response.statusCode ?? 0)
    if (failure !== undefined) {
      response.destroy()
      throw fetchError(failure, 'the server does not give the file')
    }
    return await readBody(response, progress)
  } catch (error) {
    if (error instanceof Error && 'failure' in error) throw error
    throw fetchError(failureOf(error), 'cannot read the file')
  }
}

function ask({ url, credentials, file, timeoutMs, signal }: Wanted): Promise<IncomingMessage> {
  const { user, password } = credentials
  const options = {
    host: url.host,
    ...(url.port === undefined ? {} : { port: url.port }),
    path: encodeURI(posix.join(url.directory, file)),
    ...(user === '' ? {} : { auth: `${user}:${password}` }),
    headers: { 'user-agent': 'router-sim' },
    agent: false as const,
    timeout: timeoutMs,
    signal,
  }
  return new Promise((resolve, reject) => {
    const request =
      url.scheme === 'https' ? requestHttps({ ...options, rejectUnauthorized: false }) : requestHttp(options)
    let answer: IncomingMessage | undefined
    // Whoever reads is told why, not only that the connection is gone.
    request.on('timeout', () => (answer ?? request).destroy(fetchError('timeout', 'the server is silent')))
    request.on('error', reject)
    request.on('response', (response) => {
      answer = response
      resolve(response)
    })
    request.end()
  })
}

async function readBody(response: IncomingMessage, progress: (bytes: number) => void): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    bytes += chunk.length
    if (bytes > MAX_FILE_BYTES) throw new Error('file too large')
    progress(bytes)
  }
  return Buffer.concat(chunks)
}

/** Undefined for the whole file; a part of it, or an empty answer, is none. */
function failureOfStatus(status: number): FetchFailure | undefined {
  if (status === 200) return undefined
  if (status === 401 || status === 403) return 'denied'
  if (status === 404 || status === 410) return 'not-found'
  return status === 408 || status === 504 ? 'timeout' : 'failed'
}

function failureOf(error: unknown): FetchFailure {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ECONNREFUSED') return 'refused'
  if (code === 'ENOTFOUND' || code === 'EHOSTUNREACH' || code === 'ENETUNREACH') return 'unreachable'
  return code === 'ETIMEDOUT' ? 'timeout' : 'failed'
}
