// Publishing: the bytes stream into a temporary file of the store, are checked and digested, and become visible in one
// step. A crash at any instant leaves a leftover in the hidden folder at worst, which is swept.
import { createHash, randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, lstat, open, readdir, rename, rm, rmdir, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import {
  createError,
  type DistributionName,
  distributionKind,
  distributionNameProblem,
  isSlipwayError,
  publishingProblem,
} from '@slipway/contracts'
import type { Clock } from '@slipway/service-kit'
import type { ActivityLog } from '../activity/activity-service.ts'
import { checkContent } from '../files/content-check.ts'
import { type Limits, limitOf, noExtension } from '../files/examination.ts'
import type { FileIndex } from '../files/index-service.ts'
import { type IndexedFile, keyOf, softwareNote } from '../files/indexed-file.ts'
import { identityOf, incomingFolder, type StoreFolder } from '../files/store-folder.ts'
import { codeOf, unless } from '../files/system-errors.ts'

export interface Upload {
  readonly name: DistributionName
  readonly stream: Readable
  /** Content-Length; undefined if the client did not say. */
  readonly length: number | undefined
  /** Router software is wanted, which only links give out. */
  readonly software: boolean
  readonly by: string
  readonly address: string
}

export interface Publishing {
  /** Refuses what is known to be wrong before a byte is read. Errors: DISTRIBUTION_REFUSED, INPUT_TOO_LARGE. */
  check(upload: Pick<Upload, 'name' | 'length' | 'software'>): void
  /** Errors: those of check, DISTRIBUTION_UPLOAD_ENDED, DISTRIBUTION_STORE_FULL. */
  publish(upload: Upload): Promise<{ file: IndexedFile; replaced: boolean }>
  /** Error: DISTRIBUTION_NOT_FOUND. */
  remove(name: DistributionName, by: string): Promise<void>
  /** Removes what crashes left. */
  sweep(): Promise<void>
}

export interface PublishingDeps {
  readonly folder: StoreFolder
  readonly index: FileIndex
  readonly activity: ActivityLog
  readonly clock: Pick<Clock, 'now'>
  readonly limits: Limits
  /** A client that sends nothing for so long is given up. */
  readonly stallMs: number
}

export function createPublishing(deps: PublishingDeps): Publishing {
  const { folder, index, activity, clock, limits, stallMs } = deps
  const incoming = join(folder.root, incomingFolder)

  function check({ name, length, software }: Pick<Upload, 'name' | 'length' | 'software'>): void {
    const kind = distributionKind(name.file)
    const isWanted = kind !== undefined && (kind !== 'software' || software)
    const problem =
      distributionNameProblem(name) ?? publishingProblem(name) ?? (isWanted ? undefined : noExtension)
    if (problem !== undefined) throw createError('DISTRIBUTION_REFUSED', [keyOf(name), problem])
    if (length !== undefined && length > limitOf(name, limits)) throw tooLarge(name)
  }
  const tooLarge = (name: DistributionName) =>
    createError('INPUT_TOO_LARGE', [`at most ${limitOf(name, limits)} bytes.`])

  async function receive({ name, stream }: Upload, handle: FileHandle): Promise<string> {
    const hash = createHash('sha256')
    const limit = limitOf(name, limits)
    let size = 0
    for await (const chunk of watched(stream, stallMs)) {
      size += chunk.length
      if (size > limit) throw tooLarge(name)
      hash.update(chunk)
      await writeAll(handle, chunk)
    }
    await handle.sync()
    return hash.digest('hex')
  }

  async function publish(upload: Upload): Promise<{ file: IndexedFile; replaced: boolean }> {
    check(upload)
    const { name, by, address } = upload
    const path = join(incoming, randomUUID())
    const handle = await create(path).catch((error: unknown) => {
      throw asUploadError(error)
    })
    try {
      const sha256 = await receive(upload, handle)
      const size = (await handle.stat()).size
      const kind = distributionKind(name.file) ?? 'software'
      const content = await checkContent(handle, size, kind)
      if (content.problem !== undefined) {
        throw createError('DISTRIBUTION_REFUSED', [keyOf(name), content.problem])
      }
      await handle.chmod(0o444)
      const file = async (): Promise<IndexedFile> => ({
        name,
        identity: identityOf(await handle.stat({ bigint: true })),
        size,
        sha256,
        version: content.version,
        refused: kind === 'software' ? softwareNote : '',
        publishedAt: clock.now(),
        publishedBy: by,
      })
      await index.announce(await file())
      const replaced = await show(name, path).catch(async (error: unknown) => {
        await index.withdraw(name).catch(() => undefined)
        throw error
      })
      const shown = await file()
      await index.remember(shown)
      activity.add({
        kind: replaced ? 'replaced' : 'published',
        name,
        sha256,
        actor: by,
        address,
        bytes: size,
      })
      return { file: shown, replaced }
    } catch (error) {
      await unlink(path).catch(unless('ENOENT'))
      throw asUploadError(error)
    } finally {
      await handle.close()
    }
  }

  async function create(path: string): Promise<FileHandle> {
    await folder.prepare()
    return open(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600)
  }

  /** Moves a finished file to its place; true if there was one before. */
  async function show(name: DistributionName, path: string): Promise<boolean> {
    await folder.makeDirectory(name.directory)
    const replaced = await folder.inDirectory(name.directory, async (directory, handle) => {
      await handle.chmod(0o755).catch(() => undefined)
      const target = join(directory, name.file)
      const before = await lstat(target).catch(unless('ENOENT'))
      if (before?.isDirectory()) return undefined
      await rename(path, target)
      await handle.sync()
      return before !== undefined
    })
    if (replaced === undefined) {
      throw createError('DISTRIBUTION_REFUSED', [keyOf(name), 'There is something else of this name.'])
    }
    return replaced
  }

  return {
    check,
    publish,
    async remove(name, by) {
      if (distributionNameProblem(name) !== undefined)
        throw createError('DISTRIBUTION_NOT_FOUND', [keyOf(name)])
      const removed = await folder.inDirectory(name.directory, async (directory) => {
        const target = join(directory, name.file)
        const found = await lstat(target).catch(unless('ENOENT'))
        if (found === undefined || found.isDirectory()) return false
        await unlink(target).catch(unless('ENOENT'))
        return true
      })
      if (removed !== true) throw createError('DISTRIBUTION_NOT_FOUND', [keyOf(name)])
      const sha256 = index.find(name)?.sha256 ?? ''
      await index.forget(name)
      activity.add({ kind: 'deleted', name, sha256, actor: by })
      // With its last file a directory goes, too; it comes back with the next one.
      await rmdir(join(folder.root, name.directory)).catch(() => undefined)
    },
    async sweep() {
      const before = clock.now().getTime() - 2 * stallMs - 60_000
      for (const entry of (await readdir(incoming).catch(unless('ENOENT'))) ?? []) {
        const path = join(incoming, entry)
        const found = await stat(path).catch(unless('ENOENT'))
        if (found !== undefined && found.mtimeMs < before) await rm(path, { recursive: true, force: true })
      }
    },
  }
}

/** The chunks of an upload, which ends with an error when none comes for too long. */
async function* watched(stream: Readable, stallMs: number): AsyncGenerator<Buffer> {
  const giveUp = () => void stream.destroy(createError('DISTRIBUTION_UPLOAD_ENDED'))
  const timer = setTimeout(giveUp, stallMs)
  try {
    // Not destroyed at the end of the loop: the answer goes over the same connection.
    for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
      timer.refresh()
      yield chunk
    }
  } finally {
    clearTimeout(timer)
  }
}

async function writeAll(handle: FileHandle, chunk: Buffer): Promise<void> {
  for (let at = 0; at < chunk.length; ) {
    const { bytesWritten } = await handle.write(chunk, at, chunk.length - at)
    at += bytesWritten
  }
}

function asUploadError(error: unknown): unknown {
  if (isSlipwayError(error)) return error
  const code = codeOf(error)
  if (code === 'ENOSPC' || code === 'EDQUOT') return createError('DISTRIBUTION_STORE_FULL', [], error)
  if (['ECONNRESET', 'ABORT_ERR', 'ERR_STREAM_PREMATURE_CLOSE'].includes(code)) {
    return createError('DISTRIBUTION_UPLOAD_ENDED', [], error)
  }
  return error
}
