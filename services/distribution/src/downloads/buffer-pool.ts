// The memory of all transfers together. A transfer has a share of it from its first byte to its last; a slow reader keeps
// its share as long as a chunk waits, so shares become smaller as memory fills, and there are always some left for those
// who come new. Between two chunks a share is exchanged for one of the size that fits by then. Buffers are reused: making
// them is slower than filling them.

/** Buffers of one transfer, of one size; all are filled with one turn through the thread pool. */
export type Share = readonly Buffer[]

export interface BufferPool {
  /** A share, the larger the more is free; undefined if none becomes free in time. Give it back with `release`. */
  acquire(timeoutMs: number): Promise<Share | undefined>
  /** Another size for the same transfer, or the same share; never waits. What was given is not to be used any more. */
  exchange(share: Share): Share
  release(share: Share): void
  /** Bytes in use. */
  used(): number
}

interface Size {
  /** Of one buffer. */
  readonly bytes: number
  readonly buffers: number
  /** Up to which part of the budget it is given. */
  readonly until: number
}

const KIB = 1_024
/** Given up to the end. */
const SMALLEST: Size = { bytes: 16 * KIB, buffers: 1, until: 1 }
/** A turn through the thread pool costs about as much as copying 256 KiB: the first are worth two buffers. */
const SIZES: readonly Size[] = [
  { bytes: 256 * KIB, buffers: 2, until: 1 / 16 },
  { bytes: 256 * KIB, buffers: 1, until: 1 / 8 },
  { bytes: 64 * KIB, buffers: 1, until: 3 / 8 },
  SMALLEST,
]

interface Waiting {
  readonly give: (share: Share | undefined) => void
  readonly timer: NodeJS.Timeout
}

export function createBufferPool(budgetBytes: number): BufferPool {
  const free = new Map<number, Buffer[]>(SIZES.map(({ bytes }) => [bytes, []]))
  const waiting = new Set<Waiting>()
  let used = 0

  const sizeNow = () =>
    SIZES.find(({ bytes, buffers, until }) => used + bytes * buffers <= budgetBytes * until)

  function take({ bytes, buffers }: Size): Share {
    used += bytes * buffers
    return Array.from({ length: buffers }, () => free.get(bytes)?.pop() ?? Buffer.allocUnsafeSlow(bytes))
  }
  function putBack(share: Share): void {
    used -= bytesOf(share)
    for (const buffer of share) {
      const kept = free.get(buffer.length)
      // Memory of a rush is given back: what lies free and in use stays within the budget.
      if (kept !== undefined && held(free) + used + buffer.length <= budgetBytes) kept.push(buffer)
    }
  }
  /** In the order of arrival. */
  function serveWaiting(): void {
    for (const each of waiting) {
      const size = sizeNow()
      if (size === undefined) return
      waiting.delete(each)
      clearTimeout(each.timer)
      each.give(take(size))
    }
  }
  function wait(timeoutMs: number): Promise<Share | undefined> {
    return new Promise((give) => {
      const giveUp = () => {
        waiting.delete(mine)
        give(undefined)
      }
      const mine: Waiting = { give, timer: setTimeout(giveUp, timeoutMs) }
      waiting.add(mine)
    })
  }
  return {
    used: () => used,
    async acquire(timeoutMs) {
      const size = waiting.size === 0 ? sizeNow() : undefined
      return size === undefined ? wait(timeoutMs) : take(size)
    },
    exchange(share) {
      const bytes = bytesOf(share)
      used -= bytes
      const size = waiting.size > 0 ? SMALLEST : (sizeNow() ?? SMALLEST)
      used += bytes
      if (size.bytes * size.buffers === bytes) return share
      putBack(share)
      const other = take(size)
      serveWaiting()
      return other
    },
    release(share) {
      putBack(share)
      serveWaiting()
    },
  }
}

function bytesOf(share: Share): number {
  let bytes = 0
  for (const { length } of share) bytes += length
  return bytes
}

function held(free: ReadonlyMap<number, Share>): number {
  let bytes = 0
  for (const [size, buffers] of free) bytes += size * buffers.length
  return bytes
}
