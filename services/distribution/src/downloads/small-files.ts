// The content of small files, by its SHA-256: whatever file has that digest has these bytes. Reading them anew would cost
// each download of a small file another turn through the thread pool.
import { createHash } from 'node:crypto'
import type { IndexedFile } from '../files/indexed-file.ts'
import type { StoreFile } from '../files/store-file.ts'

export interface SmallFiles {
  /** The content of a file; undefined if it is not small, or is not what the index says (any more). */
  contentOf(known: Pick<IndexedFile, 'sha256' | 'size'>, file: StoreFile): Promise<Buffer | undefined>
}

const SMALL_BYTES = 32 * 1_024
/** Of all together. */
const MOST_BYTES = 8 * 1_024 * 1_024

export function createSmallFiles(): SmallFiles {
  const kept = new Map<string, Buffer>()
  let bytes = 0

  function keep(sha256: string, content: Buffer): void {
    if (kept.has(sha256)) return
    kept.set(sha256, content)
    bytes += content.length
    for (const [oldest, { length }] of kept) {
      if (bytes <= MOST_BYTES) return
      kept.delete(oldest)
      bytes -= length
    }
  }
  return {
    async contentOf({ sha256, size }, file) {
      if (size > SMALL_BYTES) return undefined
      const known = kept.get(sha256)
      if (known !== undefined) return known
      const content = Buffer.allocUnsafeSlow(size)
      const { bytesRead } = await file.read(content, 0, size, 0)
      if (bytesRead !== size || createHash('sha256').update(content).digest('hex') !== sha256)
        return undefined
      keep(sha256, content)
      return content
    },
  }
}
