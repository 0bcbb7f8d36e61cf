// A client that sends its whole body before it reads would meet a closed connection instead of the answer that
// refuses it. So the rest of a refused body is read and thrown away, within bounds, before the answer is sent.
import type { IncomingMessage } from 'node:http'
import { isWaitingToSend } from './expect-continue.ts'

/** Bytes read for the sake of an answer; whoever sends more finds the connection closed. */
const MAX_BYTES = 128 * 1024 * 1024
const MAX_MS = 10_000

/** Resolves when the body has been read to its end, or the bounds are reached, or the client is gone. */
export function discardBody(request: IncomingMessage): Promise<void> {
  const comes = hasBody(request) && !isWaitingToSend(request)
  if (!comes || request.complete || request.destroyed) return Promise.resolve()
  return new Promise((resolve) => {
    let bytes = 0
    const timer = setTimeout(done, MAX_MS)
    function done(): void {
      clearTimeout(timer)
      request.off('data', count)
      resolve()
    }
    function count(chunk: Buffer): void {
      bytes += chunk.length
      if (bytes > MAX_BYTES) done()
    }
    request.on('data', count)
    for (const event of ['end', 'close', 'error']) request.once(event, done)
    request.resume()
  })
}

/** True if a request announces a body. */
export function hasBody({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}
