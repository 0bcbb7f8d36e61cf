import { randomUUID } from 'node:crypto'
import { createError, type RegionInput, type RegionRow, type RowResult } from '@slipway/contracts'
import { distinct, planRows } from '../row-plan.ts'
import { decideRegion } from './region.ts'
import type { RegionStore } from './region-store.ts'

export interface RegionService {
  upsert(rows: readonly RegionInput[], createdBy: string): Promise<RowResult[]>
  /** All, or the one of this name. Error: INVENTORY_REGION_NOT_FOUND. */
  list(name: string | undefined): Promise<RegionRow[]>
  /** Errors: INVENTORY_REGION_NOT_FOUND, INVENTORY_IN_USE. */
  delete(name: string): Promise<void>
}

export function createRegionService({ store }: { readonly store: RegionStore }): RegionService {
  return {
    upsert(rows, createdBy) {
      const names = rows.map(({ name }) => name)
      const repositoryNames = distinct(rows.flatMap(({ serverRepositories = [] }) => serverRepositories))
      return store.change(names, repositoryNames, async ({ existing, repositories, save }) => {
        const plan = await planRows(rows, {
          nameOf: (row) => row.name,
          duplicate: (name) => createError('ROW_DUPLICATE', ['region_name', name]),
          decide: (row) => decideRegion(row, { existing, repositories, newId: randomUUID, createdBy }),
        })
        await save(plan.accepted)
        return plan.results
      })
    },
    async list(name) {
      const found = await store.list(name)
      if (name !== undefined && found.length === 0) throw createError('INVENTORY_REGION_NOT_FOUND', [name])
      return found
    },
    async delete(name) {
      const removal = await store.remove(name)
      if (removal === 'missing') throw createError('INVENTORY_REGION_NOT_FOUND', [name])
      if (removal === 'in-use') throw createError('INVENTORY_IN_USE', ['region', name, 'hosts'])
    },
  }
}
