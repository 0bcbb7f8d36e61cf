import { Readable } from 'node:stream'
import { ZipArchive } from 'archiver'
import { archiveNames } from './log-names.ts'
import type { LogStore } from './log-store.ts'

/**
 * All session logs of a job as a zip stream, or undefined if there are none. Nothing is gathered: each file is opened
 * when its turn comes and read as fast as the client takes it.
 */
export async function archiveLogs(store: LogStore, jobId: number): Promise<Readable | undefined> {
  const files = await store.list(jobId)
  if (files.length === 0) return undefined
  const archive = new ZipArchive({ zlib: { level: 6 } })
  for (const { file, name } of archiveNames(files)) {
    archive.append(
      lazily(() => store.stream(jobId, file)),
      { name, mode: 0o600 },
    )
  }
  archive.finalize().catch((error: unknown) => archive.destroy(error instanceof Error ? error : undefined))
  return archive
}

/** A stream that opens its source on the first read. */
function lazily(open: () => Readable): Readable {
  return Readable.from(
    (async function* read() {
      yield* open()
    })(),
    { objectMode: false },
  )
}
