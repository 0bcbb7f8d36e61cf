import { randomUUID } from 'node:crypto'
import { createError, type RepositoryInput, type RepositoryRow, type RowResult } from '@slipway/contracts'
import { planRows } from '../row-plan.ts'
import type { SealFor } from '../sealing.ts'
import { decideRepository, type ServerRepository } from './server-repository.ts'
import type { RepositoryStore } from './server-repository-store.ts'

export interface RepositoryServiceDeps {
  readonly store: RepositoryStore
  readonly seal: SealFor<'password'>
  /** How many unfinished jobs name the repository. */
  readonly countJobs: (name: string) => Promise<number>
}

/** Result of a row, with the type of server as it is stored now. */
export type RepositoryResult = RowResult & { serverType?: string }

export interface RepositoryService {
  upsert(rows: readonly RepositoryInput[], createdBy: string): Promise<RepositoryResult[]>
  /** All, or the one of this name. Error: INVENTORY_REPOSITORY_NOT_FOUND. */
  list(name: string | undefined): Promise<RepositoryRow[]>
  /** Errors: INVENTORY_REPOSITORY_NOT_FOUND, INVENTORY_IN_USE, and the bus's if the scheduler is away. */
  delete(name: string): Promise<void>
}

export function createRepositoryService(deps: RepositoryServiceDeps): RepositoryService {
  const { store } = deps
  async function list(name: string | undefined): Promise<RepositoryRow[]> {
    const found = await store.list(name)
    if (name !== undefined && found.length === 0) throw createError('INVENTORY_REPOSITORY_NOT_FOUND', [name])
    return found.map(toRow)
  }
  const inUse = (name: string, by: string) => createError('INVENTORY_IN_USE', ['server repository', name, by])
  return {
    upsert: (rows, createdBy) => upsert(deps, rows, createdBy),
    list,
    async delete(name) {
      await list(name)
      if (await store.isUsedByRegions(name)) throw inUse(name, 'regions')
      if ((await deps.countJobs(name)) > 0) throw inUse(name, 'jobs')
      // A region may have taken it since.
      if ((await store.remove(name)) === 'in-use') throw inUse(name, 'regions')
    },
  }
}

function upsert(
  { store, seal }: RepositoryServiceDeps,
  rows: readonly RepositoryInput[],
  createdBy: string,
): Promise<RepositoryResult[]> {
  const names = rows.map(({ name }) => name)
  return store.change(names, async ({ existing, save }) => {
    const { results, accepted } = await planRows(rows, {
      nameOf: (row) => row.name,
      duplicate: (name) => createError('ROW_DUPLICATE', ['hostname', name]),
      decide: (row) => decideRepository(row, { existing, seal, newId: randomUUID, createdBy }),
    })
    await save(accepted)
    const types = new Map(accepted.map(({ name, serverType }) => [name, serverType]))
    return results.map((result) => {
      const serverType = result.error === undefined ? types.get(result.key) : undefined
      return serverType === undefined ? result : { ...result, serverType }
    })
  })
}

/** A repository as others may see it. */
export function toRow({ sealedPassword: _, ...row }: ServerRepository): RepositoryRow {
  return row
}
