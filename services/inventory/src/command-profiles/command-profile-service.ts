import { randomUUID } from 'node:crypto'
import { createError, type ProfileInput, type ProfileRow, type RowResult } from '@slipway/contracts'
import { planRows } from '../row-plan.ts'
import { decideProfile } from './command-profile.ts'
import type { ProfileStore } from './command-profile-store.ts'

export interface ProfileServiceDeps {
  readonly store: ProfileStore
  /** How many unfinished jobs name the profile. */
  readonly countJobs: (name: string) => Promise<number>
}

export interface ProfileService {
  upsert(rows: readonly ProfileInput[], createdBy: string): Promise<RowResult[]>
  /** All, or the one of this name. Error: INVENTORY_PROFILE_NOT_FOUND. */
  list(name: string | undefined): Promise<ProfileRow[]>
  /** Errors: INVENTORY_PROFILE_NOT_FOUND, INVENTORY_IN_USE, and the bus's if the scheduler is away. */
  delete(name: string): Promise<void>
}

export function createProfileService({ store, countJobs }: ProfileServiceDeps): ProfileService {
  async function list(name: string | undefined): Promise<ProfileRow[]> {
    const found = await store.list(name)
    if (name !== undefined && found.length === 0) throw createError('INVENTORY_PROFILE_NOT_FOUND', [name])
    return found.map(({ name, commands, createdBy }) => ({ name, commands: [...commands], createdBy }))
  }
  return {
    upsert: (rows, createdBy) =>
      store.change(
        rows.map(({ name }) => name),
        async ({ existing, save }) => {
          const plan = await planRows(rows, {
            nameOf: (row) => row.name,
            duplicate: (name) => createError('ROW_DUPLICATE', ['profile_name', name]),
            decide: (row) => decideProfile(row, { existing, newId: randomUUID, createdBy }),
          })
          await save(plan.accepted)
          return plan.results
        },
      ),
    list,
    async delete(name) {
      await list(name)
      if ((await countJobs(name)) > 0) {
        throw createError('INVENTORY_IN_USE', ['custom command profile', name, 'jobs'])
      }
      await store.remove(name)
    },
  }
}
