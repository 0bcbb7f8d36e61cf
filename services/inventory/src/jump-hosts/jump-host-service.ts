import { randomUUID } from 'node:crypto'
import { createError, type JumpHostInput, type JumpHostRow, type RowResult } from '@slipway/contracts'
import { planRows } from '../row-plan.ts'
import type { SealFor } from '../sealing.ts'
import { decideJumpHost, type JumpHost } from './jump-host.ts'
import type { JumpHostStore } from './jump-host-store.ts'

export interface JumpHostServiceDeps {
  readonly store: JumpHostStore
  readonly seal: SealFor<'password'>
}

export interface JumpHostService {
  upsert(rows: readonly JumpHostInput[], createdBy: string): Promise<RowResult[]>
  /** All, or the one of this name. Error: INVENTORY_JUMP_HOST_NOT_FOUND. */
  list(name: string | undefined): Promise<JumpHostRow[]>
  /** Errors: INVENTORY_JUMP_HOST_NOT_FOUND, INVENTORY_IN_USE. */
  delete(name: string): Promise<void>
}

export function createJumpHostService({ store, seal }: JumpHostServiceDeps): JumpHostService {
  return {
    upsert: (rows, createdBy) =>
      store.change(
        rows.map(({ name }) => name),
        async ({ existing, save }) => {
          const plan = await planRows(rows, {
            nameOf: (row) => row.name,
            duplicate: (name) => createError('ROW_DUPLICATE', ['hostname', name]),
            decide: (row) => decideJumpHost(row, { existing, seal, newId: randomUUID, createdBy }),
          })
          await save(plan.accepted)
          return plan.results
        },
      ),
    async list(name) {
      const found = await store.list(name)
      if (name !== undefined && found.length === 0) throw createError('INVENTORY_JUMP_HOST_NOT_FOUND', [name])
      return found.map(toRow)
    },
    async delete(name) {
      const removal = await store.remove(name)
      if (removal === 'missing') throw createError('INVENTORY_JUMP_HOST_NOT_FOUND', [name])
      if (removal === 'in-use') throw createError('INVENTORY_IN_USE', ['jump host', name, 'hosts'])
    },
  }
}

function toRow({ name, connectionType, address, port, username, createdBy }: JumpHost): JumpHostRow {
  return { name, connectionType, address, port, username, createdBy }
}
