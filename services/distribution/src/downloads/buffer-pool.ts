// The memory of all transfers together. A transfer has one buffer from its first byte to its last; a slow reader keeps
// it as long as a chunk waits, so buffers become smaller as memory fills, and there are always some left for those who
// come new. Between two chunks a buffer is exchanged for one of the size that fits by then. Buffers are reused: making them
// is slower than filling them.

export interface BufferPool {
  /** A buffer, the larger the more is free; undefined if none becomes free in time. Give it back with `release`. */
  acquire(timeoutMs: number): Promise<Buffer | undefined>
  /** Another size for the same transfer, or the same buffer; never waits. What was given is not to be used any more. */
  exchange(buffer: Buffer): Buffer
  release(buffer: Buffer): void
  /** Bytes in use. */
  used(): number
}

const KIB = 1_024
const SMALLEST = 16 * KIB
/** Up to which part of the budget a size is given. The last size is given up to the end. */
const SIZES: readonly { readonly bytes: number; readonly until: number }[] = [
  { bytes: 256 * KIB, until: 1 / 8 },
  { bytes: 128 * KIB, until: 1 / 4 },
  { bytes: 64 * KIB, until: 1 / 2 },
  { bytes: SMALLEST, until: 1 },
]

interface Waiting {
  readonly give: (buffer: Buffer | undefined) => void
  readonly timer: NodeJS.Timeout
}

export function createBufferPool(budgetBytes: number): BufferPool {
  const free = new Map<number, Buffer[]>(SIZES.map(({ bytes }) => [bytes, []]))
  const waiting = new Set<Waiting>()
  let used = 0

  const sizeNow = () => SIZES.find(({ bytes, until }) => used + bytes <= budgetBytes * until)?.bytes

  function take(size: number): Buffer {
    used += size
    return free.get(size)?.pop() ?? Buffer.allocUnsafeSlow(size)
  }
  function putBack(buffer: Buffer): void {
    used -= buffer.length
    const kept = free.get(buffer.length)
    // Memory of a rush is given back: what lies free and in use stays within the budget.
    if (kept !== undefined && held(free) + used + buffer.length <= budgetBytes) kept.push(buffer)
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
  function wait(timeoutMs: number): Promise<Buffer | undefined> {
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
    exchange(buffer) {
      used -= buffer.length
      const size = waiting.size > 0 ? SMALLEST : (sizeNow() ?? SMALLEST)
      used += buffer.length
      if (size === buffer.length) return buffer
      putBack(buffer)
      const other = take(size)
      serveWaiting()
      return other
    },
    release(buffer) {
      putBack(buffer)
      serveWaiting()
    },
  }
}

function held(free: ReadonlyMap<number, readonly Buffer[]>): number {
  let bytes = 0
  for (const [size, buffers] of free) bytes += size * buffers.length
  return bytes
}
