// Sends the bytes of an open file: read at a position, write, wait until the system has taken it, again. Ends when the
// client goes, when it takes nothing for too long, and when the file has become shorter than was promised: then the
// connection is cut, as anything else would be a lie.
import type { FileHandle } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import type { BufferPool } from './buffer-pool.ts'

export interface Transfer {
  readonly handle: FileHandle
  readonly start: number
  /** Exclusive. */
  readonly end: number
  readonly response: ServerResponse
}

export interface TransferDeps {
  readonly pool: BufferPool
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
  const { handle, start, end, response } = transfer
  const gone = new AbortController()
  const onClose = () => gone.abort()
  // A write's callback need not come when the connection breaks; this event does.
  response.once('close', onClose)
  if (response.destroyed) gone.abort()
  let at = start
  try {
    while (at < end) {
      const buffer = await pool.acquire(gone.signal)
      try {
        const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, end - at), at)
        if (
          bytesRead === 0 ||
          !(await write(response, buffer.subarray(0, bytesRead), gone.signal, stallMs))
        ) {
          response.destroy()
          break
        }
        at += bytesRead
      } finally {
        pool.release(buffer)
      }
    }
  } catch {
    response.destroy()
  }
  response.off('close', onClose)
  if (at >= end) response.end()
  return { bytes: at - start, complete: at >= end }
}

/** True when the system has taken the chunk; false if the client is gone or takes nothing. */
function write(
  response: ServerResponse,
  chunk: Buffer,
  gone: AbortSignal,
  stallMs: number,
): Promise<boolean> {
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
    response.write(chunk, (error) => settle(error === undefined || error === null))
  })
}
