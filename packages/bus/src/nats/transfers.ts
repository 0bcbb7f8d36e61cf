// Messages that come in frames, until they are whole. What stays incomplete is forgotten at its deadline.
import { createFrameCollector, type Frame } from '../frames.ts'

export interface TransferEnd {
  whole(bytes: Uint8Array): void
  /** The frames contradict each other or are too large. */
  broken?(error: unknown): void
  /** Called at last, whatever became of it. */
  over?(): void
}

export interface Transfer {
  add(frame: Frame): void
}

export interface Transfers {
  /** Begins one; undefined if too many are under way. */
  begin(subject: string, timeoutMs: number, end: TransferEnd): Transfer | undefined
  readonly size: number
  /** Forgets all. */
  clear(): void
}

/** Bounds the memory that half a message of each sender may hold. */
const MAX_TRANSFERS = 64

export function createTransfers(): Transfers {
  const endings = new Set<() => void>()
  return {
    begin(subject, timeoutMs, end) {
      if (endings.size >= MAX_TRANSFERS) return undefined
      const collector = createFrameCollector(subject)
      const finish = () => {
        clearTimeout(timer)
        if (endings.delete(finish)) end.over?.()
      }
      const timer = setTimeout(finish, timeoutMs)
      endings.add(finish)
      return {
        add(frame) {
          if (!endings.has(finish)) return
          try {
            const bytes = collector.add(frame)
            if (bytes === undefined) return
            finish()
            end.whole(bytes)
          } catch (error) {
            finish()
            end.broken?.(error)
          }
        },
      }
    },
    get size() {
      return endings.size
    },
    clear() {
      for (const finish of [...endings]) finish()
    },
  }
}
