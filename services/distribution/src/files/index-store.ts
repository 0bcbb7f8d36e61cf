import type { DistributionName } from '@slipway/contracts'
import type { Database } from '../database.ts'
import type { distribution as Row } from '../generated/client.ts'
import type { IndexedFile } from './indexed-file.ts'

export interface IndexStore {
  list(): Promise<IndexedFile[]>
  find(name: DistributionName): Promise<IndexedFile | undefined>
  /** Inserts or replaces. */
  save(file: IndexedFile): Promise<void>
  /** Saves what was found over what was known before; false, and nothing done, if another process has written meanwhile. */
  saveOver(before: IndexedFile | undefined, file: IndexedFile): Promise<boolean>
  remove(name: DistributionName): Promise<void>
}

export function createIndexStore(db: Database): IndexStore {
  const key = ({ directory, file }: DistributionName) => ({ directory_file: { directory, file } })
  return {
    async list() {
      const rows = await db.distribution.findMany({ orderBy: [{ directory: 'asc' }, { file: 'asc' }] })
      return rows.map(toFile)
    },
    async find(name) {
      const row = await db.distribution.findUnique({ where: key(name) })
      return row === null ? undefined : toFile(row)
    },
    async save(file) {
      const { directory, file: fileName } = file.name
      await db.distribution.upsert({
        where: key(file.name),
        create: { directory, file: fileName, ...valuesOf(file) },
        update: valuesOf(file),
      })
    },
    async saveOver(before, file) {
      const name = { directory: file.name.directory, file: file.name.file }
      const values = valuesOf(file)
      const { identity } = before ?? {}
      const { count } =
        identity === undefined
          ? await db.distribution.createMany({ data: [{ ...name, ...values }], skipDuplicates: true })
          : await db.distribution.updateMany({ where: { ...name, identity }, data: values })
      return count === 1
    },
    async remove({ directory, file }) {
      await db.distribution.deleteMany({ where: { directory, file } })
    },
  }
}

function valuesOf(file: IndexedFile) {
  return {
    identity: file.identity,
    size: BigInt(file.size),
    sha256: file.sha256,
    version: file.version,
    refused: file.refused,
    published_at: file.publishedAt,
    published_by: file.publishedBy,
  }
}

function toFile(row: Row): IndexedFile {
  return {
    name: { directory: row.directory, file: row.file },
    identity: row.identity,
    size: Number(row.size),
    sha256: row.sha256,
    version: row.version,
    refused: row.refused,
    publishedAt: row.published_at,
    publishedBy: row.published_by,
  }
}
