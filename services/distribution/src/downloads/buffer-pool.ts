// The memory of all transfers together. A chunk's buffer is taken before it is read and given back when it is written;
// a slow reader keeps one as long as its chunk waits, so buffers become smaller as memory fills, and there are always
// some left for those who come new. Buffers are reused: making them is slower than filling them.

export interface BufferPool {
  /** A buffer, the larger the more is free; waits while there is none. Give it back with `release`. */
  acquire(signal: AbortSignal): Promise<Buffer>
  release(buffer: Buffer): void
  /** Bytes in use. */
  used(): number
}

const KIB = 1_024
/** Up to which part of the budget a size is given. The last size is given up to the end. */
const SIZES: readonly { readonly bytes: number; readonly until: number }[] = [
  { bytes: 256 * KIB, until: 1 / 8 },
  { bytes: 128 * KIB, until: 1 / 4 },
  { bytes: 64 * KIB, until: 1 / 2 },
  { bytes: 16 * KIB, until: 1 },
]

export function createBufferPool(budgetBytes: number): BufferPool {
  const free = new Map<number, Buffer[]>(SIZES.map(({ bytes }) => [bytes, []]))
  const waiting: (() => void)[] = []
  let used = 0

  function take(): Buffer | undefined {
    const size = SIZES.find(({ bytes, until }) => used + bytes <= budgetBytes * until)?.bytes
    if (size === undefined) return undefined
    used += size
    return free.get(size)?.pop() ?? Buffer.allocUnsafeSlow(size)
  }
  return {
    used: () => used,
    async acquire(signal) {
      for (;;) {
        signal.throwIfAborted()
        const buffer = waiting.length === 0 ? take() : undefined
        if (buffer !== undefined) return buffer
        await turn(waiting, signal)
        const mine = take()
        if (mine !== undefined) return mine
      }
    },
    release(buffer) {
      used -= buffer.length
      const kept = free.get(buffer.length)
      // Memory of a rush is given back: what lies free and in use stays within the budget.
      if (kept !== undefined && held(free) + used + buffer.length <= budgetBytes) kept.push(buffer)
      waiting.shift()?.()
    },
  }
}

function held(free: ReadonlyMap<number, readonly Buffer[]>): number {
  let bytes = 0
  for (const [size, buffers] of free) bytes += size * buffers.length
  return bytes
}

/** Waits to be called, in the order of arrival; leaves the queue when the transfer ends. */
function turn(waiting: (() => void)[], signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const called = () => {
      signal.removeEventListener('abort', leave)
      resolve()
    }
    const leave = () => {
      const index = waiting.indexOf(called)
      if (index >= 0) waiting.splice(index, 1)
      else waiting.shift()?.()
      reject(signal.reason)
    }
    waiting.push(called)
    signal.addEventListener('abort', leave, { once: true })
  })
}
