/** Fetches from an SFTP server with ssh2, with the user and password a router was given. */
import { connect as connectSocket } from 'node:net'
import { posix } from 'node:path'
import { Client, type SFTPWrapper } from 'ssh2'
import { type Credentials, type FetchSession, fetchError, MAX_FILE_BYTES } from './fetcher.ts'
import type { RepositoryUrl } from './repository-url.ts'

/** SFTP status for an absent file (draft-ietf-secsh-filexfer-02). */
const NO_SUCH_FILE = 2
/** SFTP status for a file one may not read. */
const PERMISSION_DENIED = 3
const CONNECT_TIMEOUT_MS = 10_000

/** Opens an SFTP session. The host key is not checked, as a router's first contact is not. */
export async function openSftp(
  url: RepositoryUrl,
  credentials: Credentials,
  signal: AbortSignal,
): Promise<FetchSession> {
  const client = new Client()
  const sftp = await connect(client, url, credentials)
  const stop = () => client.destroy()
  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted) stop()
  return {
    read: (file, progress) => readFile(client, sftp, posix.join(url.directory, file), progress),
    close() {
      signal.removeEventListener('abort', stop)
      client.end()
    },
  }
}

function connect(client: Client, url: RepositoryUrl, credentials: Credentials): Promise<SFTPWrapper> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => {
      client.destroy()
      reject(fetchError(failureOfConnect(error), 'cannot open the repository'))
    }
    client.on('error', fail)
    client.on('close', () => fail(new Error('closed')))
    client.on('ready', () => {
      client.sftp((error, sftp) => (error === undefined ? resolve(sftp) : fail(error)))
    })
    // Without delayed sending: a handshake is many small messages, and each would wait 40 ms.
    const sock = connectSocket({ host: url.host, port: url.port ?? 22, noDelay: true })
    client.connect({
      sock,
      username: credentials.user,
      password: credentials.password,
      readyTimeout: CONNECT_TIMEOUT_MS,
    })
  })
}

function failureOfConnect(error: Error & { code?: unknown; level?: unknown }) {
  if (error.level === 'client-authentication') return 'denied'
  if (error.code === 'ECONNREFUSED') return 'refused'
  if (error.level === 'client-timeout' || error.code === 'ETIMEDOUT') return 'timeout'
  if (error.code === 'ENOTFOUND' || error.code === 'EHOSTUNREACH' || error.code === 'ENETUNREACH')
    return 'unreachable'
  return 'failed'
}

function readFile(
  client: Client,
  sftp: SFTPWrapper,
  path: string,
  progress: (bytes: number) => void,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let bytes = 0
    const stream = sftp.createReadStream(path)
    const lost = () => stream.destroy(new Error('connection lost'))
    client.once('close', lost)
    stream.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      bytes += chunk.length
      progress(bytes)
      if (bytes > MAX_FILE_BYTES) stream.destroy(new Error('file too large'))
    })
    stream.on('error', (error: Error & { code?: unknown }) => {
      client.removeListener('close', lost)
      reject(fetchError(failureOfRead(error.code), 'cannot read the file'))
    })
    stream.on('end', () => {
      client.removeListener('close', lost)
      resolve(Buffer.concat(chunks))
    })
  })
}

function failureOfRead(code: unknown) {
  if (code === NO_SUCH_FILE) return 'not-found'
  return code === PERMISSION_DENIED ? 'denied' : 'failed'
}
