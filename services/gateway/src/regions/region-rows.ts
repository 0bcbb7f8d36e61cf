// Regions as later CSM releases write them.
import type { RegionInput, RegionRow } from '@slipway/contracts'
import { name, nameList } from '../rows/field.ts'
import type { JsonRow } from '../rows/json-row.ts'
import { readRow } from '../rows/read-row.ts'

/** Keys of POST /regions. */
export const regionFields = {
  name: name('region_name', { role: 'identity', maxLength: 100 }),
  serverRepositories: nameList('server_repositories', { role: 'kept', maxLength: 100 }),
} as const

/** Reads a row of POST /regions. Throws the first failure. */
export function parseRegion(row: JsonRow): RegionInput {
  return readRow(row, regionFields)
}

/** A row of GET /regions. */
export function renderRegion(row: RegionRow) {
  return {
    region_name: row.name,
    server_repositories: row.serverRepositories,
    created_by: row.createdBy,
  }
}
