import type { RegionRow } from '@slipway/contracts'
import type { Database, Transaction } from '../database.ts'
import { insertRows } from '../recordset.ts'
import { createRowStore, type Removal } from '../row-store.ts'
import type { Region } from './region.ts'

interface RegionRecord {
  id: string
  name: string
  created_by: string
}

export interface RegionChange {
  readonly existing: ReadonlyMap<string, Region>
  /** Ids of server repositories by name. */
  readonly repositories: ReadonlyMap<string, string>
  save(regions: readonly Region[]): Promise<void>
}

export interface RegionStore {
  change<A>(
    names: readonly string[],
    repositoryNames: readonly string[],
    work: (change: RegionChange) => Promise<A>,
  ): Promise<A>
  list(name: string | undefined): Promise<RegionRow[]>
  remove(name: string): Promise<Removal>
}

export function createRegionStore(db: Database): RegionStore {
  const rows = createRowStore<RegionRecord, Region>(db, {
    table: 'region',
    columns: { id: 'uuid', name: 'text', created_by: 'text' },
    toDomain: ({ id, name, created_by }) => ({ id, name, createdBy: created_by, repositoryIds: undefined }),
    toRecord: ({ id, name, createdBy }) => ({ id, name, created_by: createdBy }),
  })
  return {
    change: (names, repositoryNames, work) =>
      rows.change(names, async ({ existing, tx, save }) =>
        work({
          existing,
          repositories: await lookUpRepositories(tx, repositoryNames),
          async save(regions) {
            await save(regions)
            await replaceRepositories(tx, regions)
          },
        }),
      ),
    list: (name) => listRegions(db, name),
    remove: rows.remove,
  }
}

async function lookUpRepositories(
  tx: Transaction,
  names: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const found = await tx.$queryRaw<{ id: string; name: string }[]>`
    SELECT id::text, name FROM server_repository WHERE name = ANY(${names}::text[]) ORDER BY name FOR KEY SHARE`
  return new Map(found.map(({ id, name }) => [name, id]))
}

const useColumns = { region_id: 'uuid', server_repository_id: 'uuid', position: 'int' } as const

async function replaceRepositories(tx: Transaction, regions: readonly Region[]): Promise<void> {
  const given = regions.filter(({ repositoryIds }) => repositoryIds !== undefined)
  if (given.length === 0) return
  await tx.$executeRaw`
    DELETE FROM region_server_repository WHERE region_id = ANY(${given.map(({ id }) => id)}::uuid[])`
  const uses = given.flatMap(({ id, repositoryIds = [] }) =>
    repositoryIds.map((repositoryId, position) => ({
      region_id: id,
      server_repository_id: repositoryId,
      position,
    })),
  )
  await insertRows(tx, 'region_server_repository', useColumns, 'region_id', uses)
}

async function listRegions(db: Database, name: string | undefined): Promise<RegionRow[]> {
  return db.$queryRaw<RegionRow[]>`
    SELECT r.name, r.created_by AS "createdBy",
           coalesce(array_agg(s.name ORDER BY u.position) FILTER (WHERE s.id IS NOT NULL), '{}')
             AS "serverRepositories"
      FROM region r
      LEFT JOIN region_server_repository u ON u.region_id = r.id
      LEFT JOIN server_repository s ON s.id = u.server_repository_id
     WHERE ${name ?? null}::text IS NULL OR r.name = ${name ?? null}::text
     GROUP BY r.id ORDER BY r.name`
}
