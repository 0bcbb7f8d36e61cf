// Puts the software of one release in place of what was there, in one transaction: readers see all of it or nothing.
import { createHash } from 'node:crypto'
import { type Database, inTransaction, type Transaction } from '../database.ts'
import type { FeedFile } from '../feed/feed-parser.ts'
import type { ListedRelease } from '../feed/release-list.ts'
import type { Entry } from '../software/entry.ts'
import type { FileOutcome } from './import.ts'

/** Rows in one statement: some megabytes of parameters at most. */
const ROWS_AT_ONCE = 1_000

export interface ReplaceOptions {
  readonly importId: number
  readonly of: ListedRelease
  readonly file: FeedFile
  readonly source: string
  readonly now: Date
}

export interface ReplaceOutcome extends FileOutcome {
  readonly releaseId: number
  /** Higher than before if anything is different. */
  readonly version: number
}

export interface ReleaseStore {
  /** The creation date printed in the file that was imported last; undefined if none was. */
  creationDate(of: ListedRelease): Promise<string | undefined>
  /** @returns undefined if the import is no longer in progress: nothing was changed then */
  replace(options: ReplaceOptions): Promise<ReplaceOutcome | undefined>
}

export function createReleaseStore(db: Database): ReleaseStore {
  return {
    async creationDate({ platform, release }) {
      const where = { platform_release: { platform, release } }
      const found = await db.release.findUnique({ where, select: { creation_date: true } })
      return found?.creation_date
    },
    replace: (options) => inTransaction(db, (tx) => replaceIn(tx, options)),
  }
}

async function replaceIn(tx: Transaction, options: ReplaceOptions): Promise<ReplaceOutcome | undefined> {
  // Held until the end: whoever wants to declare this import interrupted waits, and what is written counts.
  const fence = await tx.$queryRaw<unknown[]>`
    SELECT 1 FROM feed_import WHERE id = ${options.importId} AND state = 'in-progress' FOR SHARE`
  if (fence.length === 0) return undefined
  const releaseId = await lockRelease(tx, options)
  const changes = await compare(tx, releaseId, options.file.entries)
  await remove(tx, releaseId, changes.removed)
  await save(tx, releaseId, changes.saved)
  const { added, changed, unchanged } = changes
  const removed = changes.removed.length
  const isDifferent = added + changed + removed > 0
  const [after] = await tx.$queryRaw<{ version: number }[]>`
    UPDATE release SET version = version + ${isDifferent ? 1 : 0} WHERE id = ${releaseId} RETURNING version`
  return { releaseId, version: after?.version ?? 0, added, changed, removed, unchanged }
}

/** Makes or changes the row of the release, which stays locked until the transaction ends. */
async function lockRelease(tx: Transaction, { of, file, source, now }: ReplaceOptions): Promise<number> {
  const { creationDate, smuSuffix, pid, mdfId } = file.header
  const [row] = await tx.$queryRaw<{ id: number }[]>`
    INSERT INTO release (platform, release, version, creation_date, smu_suffix, pid, mdf_id, source, imported_at)
    VALUES (${of.platform}, ${of.release}, 1, ${creationDate}, ${smuSuffix}, ${pid}, ${mdfId}, ${source}, ${now})
    ON CONFLICT (platform, release) DO UPDATE
      SET creation_date = excluded.creation_date, smu_suffix = excluded.smu_suffix, pid = excluded.pid,
          mdf_id = excluded.mdf_id, source = excluded.source, imported_at = excluded.imported_at
    RETURNING id`
  if (row === undefined) throw new Error('a release was neither made nor found')
  return row.id
}

interface EntryRecord {
  kind: string
  name: string
  digest: string
  content: Entry
}

async function compare(tx: Transaction, releaseId: number, entries: readonly Entry[]) {
  const stored = await tx.$queryRaw<{ kind: string; name: string; digest: string }[]>`
    SELECT kind, name, digest FROM entry WHERE release_id = ${releaseId}`
  const before = new Map(stored.map((row) => [keyOf(row), row]))
  const saved: EntryRecord[] = []
  let [added, changed, unchanged] = [0, 0, 0]
  for (const entry of entries) {
    const digest = digestOf(entry)
    const known = before.get(keyOf(entry))
    before.delete(keyOf(entry))
    if (known === undefined) added += 1
    else if (known.digest === digest) unchanged += 1
    else changed += 1
    if (known?.digest !== digest) {
      saved.push({ kind: entry.kind, name: entry.name, digest, content: entry })
    }
  }
  return { saved, removed: [...before.values()], added, changed, unchanged }
}

async function save(tx: Transaction, releaseId: number, records: readonly EntryRecord[]): Promise<void> {
  for (let at = 0; at < records.length; at += ROWS_AT_ONCE) {
    const rows = JSON.stringify(records.slice(at, at + ROWS_AT_ONCE))
    await tx.$executeRaw`
      INSERT INTO entry (release_id, kind, name, digest, content)
      SELECT ${releaseId}, kind, name, digest, content
        FROM jsonb_to_recordset(${rows}::jsonb) AS r(kind text, name text, digest text, content jsonb)
      ON CONFLICT (release_id, kind, name) DO UPDATE SET digest = excluded.digest, content = excluded.content`
  }
}

async function remove(
  tx: Transaction,
  releaseId: number,
  gone: readonly { kind: string; name: string }[],
): Promise<void> {
  if (gone.length === 0) return
  await tx.$executeRaw`
    DELETE FROM entry e
     USING jsonb_to_recordset(${JSON.stringify(gone)}::jsonb) AS r(kind text, name text)
     WHERE e.release_id = ${releaseId} AND e.kind = r.kind AND e.name = r.name`
}

function keyOf({ kind, name }: { kind: string; name: string }): string {
  return `${kind} ${name}`
}

/** Tells whether an entry is another than before; entries are made with their keys in one order. */
function digestOf(entry: Entry): string {
  return createHash('sha256').update(JSON.stringify(entry)).digest('base64url')
}
