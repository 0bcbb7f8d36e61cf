// Looks at an open file: the rules of the guide, digest and version. Source: distribution guide, "Notes".
import { createHash } from 'node:crypto'
import {
  archiveLimitBytes,
  type DistributionName,
  distributionKind,
  distributionNameProblem,
} from '@slipway/contracts'
import { checkContent } from './content-check.ts'
import { type IndexedFile, softwareNote } from './indexed-file.ts'
import type { ByteSource, StoreFile } from './store-file.ts'
import { identityOf } from './store-folder.ts'

export interface Limits {
  readonly softwareBytes: number
}

/** The largest size of a file of this name. */
export function limitOf({ file }: DistributionName, { softwareBytes }: Limits): number {
  return distributionKind(file) === 'software' ? softwareBytes : archiveLimitBytes
}

const CHUNK = 256 * 1024

export const noExtension = 'The name does not end in .zip, .gz or .tgz.'
export const tooLarge = (limit: number) => `The file is larger than ${limit} bytes.`

/**
 * What is found, with mode 0444 set where we may; undefined if the file changed meanwhile. When and by whom it was
 * published is the caller's to say.
 */
export async function examine(
  name: DistributionName,
  file: StoreFile,
  limits: Limits,
): Promise<Omit<IndexedFile, 'publishedBy'> | undefined> {
  const { stats } = file
  const size = Number(stats.size)
  const found = await findings(name, file, size, limits)
  if ((stats.mode & 0o777n) !== 0o444n) await file.chmod(0o444).catch(() => undefined)
  const after = await file.stat()
  if (after.size !== stats.size || after.mtimeNs !== stats.mtimeNs) return undefined
  return { name, identity: identityOf(after), size, publishedAt: stats.mtime, ...found }
}

async function findings(name: DistributionName, content: ByteSource, size: number, limits: Limits) {
  const kind = distributionKind(name.file)
  const limit = limitOf(name, limits)
  const problem = distributionNameProblem(name) ?? (kind === undefined ? noExtension : undefined)
  if (kind === undefined || problem !== undefined) return { sha256: '', version: '', refused: problem ?? '' }
  if (size > limit) return { sha256: '', version: '', refused: tooLarge(limit) }
  const { problem: broken, version } = await checkContent(content, size, kind)
  if (broken !== undefined) return { sha256: '', version: '', refused: broken }
  const refused = kind === 'software' ? softwareNote : ''
  return { sha256: await digest(content), version, refused }
}

async function digest(content: ByteSource): Promise<string> {
  const hash = createHash('sha256')
  const buffer = Buffer.allocUnsafe(CHUNK)
  for (let at = 0; ; ) {
    const { bytesRead } = await content.read(buffer, 0, buffer.length, at)
    if (bytesRead === 0) return hash.digest('hex')
    hash.update(buffer.subarray(0, bytesRead))
    at += bytesRead
  }
}
