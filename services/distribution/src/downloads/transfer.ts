// Sends the bytes of an open file: read at a position, write, wait until the system has taken it, again. Ends when the
// client goes, when it takes nothing for too long, and when the file was changed in place meanwhile: then the connection
// is cut before the last bytes are sent, so that nobody takes for whole what never was one file.
import type { ServerResponse } from 'node:http'
import type { StoreFile } from '../files/store-file.ts'
import type { BufferPool, Share } from './buffer-pool.ts'

export interface Transfer {
  readonly file: StoreFile
  readonly start: number
  /** Exclusive. */
  readonly end: number
  readonly response: ServerResponse
  /** From the pool; given back here. */
  readonly share: Share
}

export interface TransferDeps {
  readonly pool: Pick<BufferPool, 'exchange' | 'release'>
  /** How long a client may take for a chunk. */
  readonly stallMs: number
}

export interface Sent {
  /** Bytes the system has taken. */
  readonly bytes: number
  readonly complete: boolean
}

/** Sends and answers how much was sent; never throws for what a client or a file does. Does not close the file. */
export async function send(transfer: Transfer, { pool, stallMs }: TransferDeps): Promise<Sent> {
  const { file, start, end, response } = transfer
  const gone = new AbortController()
  const onClose = () => gone.abort()
  // A write's callback need not come when the connection breaks; this event does.
  response.once('close', onClose)
  if (response.destroyed) gone.abort()
  let { share } = transfer
  let at = start
  try {
    while (at < end) {
      if (at > start) share = pool.exchange(share)
      const bytesRead = await file.readv(firstOf(share, end - at), at)
      const isWhole = bytesRead > 0 && (at + bytesRead < end || !(await isChanged(file, at === start)))
      if (!isWhole || !(await write(response, firstOf(share, bytesRead), gone.signal, stallMs))) break
      at += bytesRead
    }
  } catch {
    // The file cannot be read any more: cut off below.
  }
  // Before its memory is another's: what is being written still must not be.
  if (at < end) response.destroy()
  pool.release(share)
  response.off('close', onClose)
  if (at >= end) response.end()
  return { bytes: at - start, complete: at >= end }
}

/** Sends what stands in memory; see send. At once where the system takes all of it, as it mostly does. */
export function sendContent(
  response: ServerResponse,
  content: Buffer,
  stallMs: number,
): Sent | Promise<Sent> {
  if (response.destroyed) return { bytes: 0, complete: false }
  response.end(content)
  const sent = { bytes: content.length, complete: true }
  return response.writableLength === 0 ? sent : untilTaken(response, sent, stallMs)
}

function untilTaken(response: ServerResponse, sent: Sent, stallMs: number): Promise<Sent> {
  return new Promise((resolve) => {
    const timer = setTimeout(settle, stallMs, { bytes: 0, complete: false })
    const onClose = () => settle({ bytes: 0, complete: false })
    const onFinish = () => settle(sent)
    function settle(result: Sent): void {
      clearTimeout(timer)
      response.off('close', onClose)
      response.off('finish', onFinish)
      if (!result.complete) response.destroy()
      resolve(result)
    }
    response.once('close', onClose)
    response.once('finish', onFinish)
  })
}

/**
 * True if somebody wrote into the file since it was opened. A replaced or deleted one is not changed by that: its
 * descriptor leads to the old content as long as it is open. @param justOpened the look need not wait for a disk
 */
async function isChanged(file: StoreFile, justOpened: boolean): Promise<boolean> {
  const { size, mtimeNs } = justOpened ? file.statNow() : await file.stat()
  return size !== file.stats.size || mtimeNs !== file.stats.mtimeNs
}

/** The share up to so many bytes, at least one. */
function firstOf(share: Share, bytes: number): Share {
  const parts: Buffer[] = []
  let left = bytes
  for (const buffer of share) {
    if (left <= 0) break
    parts.push(left < buffer.length ? buffer.subarray(0, left) : buffer)
    left -= buffer.length
  }
  return parts
}

/** True when the system has taken the chunk; false if the client is gone or takes nothing. */
function write(response: ServerResponse, chunk: Share, gone: AbortSignal, stallMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    if (gone.aborted) return resolve(false)
    const timer = setTimeout(settle, stallMs, false)
    const onGone = () => settle(false)
    function settle(taken: boolean): void {
      clearTimeout(timer)
      gone.removeEventListener('abort', onGone)
      resolve(taken)
    }
    gone.addEventListener('abort', onGone, { once: true })
    const last = chunk.length - 1
    // Node hands all of them to the system with one call.
    chunk.forEach((part, n) => {
      if (n < last) response.write(part)
      else response.write(part, (error) => settle(error === undefined || error === null))
    })
  })
}
