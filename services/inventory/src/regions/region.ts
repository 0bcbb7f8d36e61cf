// A region: hosts that belong together, with the server repositories near them.
import { createError, type RegionInput } from '@slipway/contracts'

export interface Region {
  readonly id: string
  readonly name: string
  /** In the order in which they were given; undefined: as they are. */
  readonly repositoryIds: readonly string[] | undefined
  readonly createdBy: string
}

export interface RegionDecisionDeps {
  readonly existing: ReadonlyMap<string, Pick<Region, 'id' | 'createdBy'>>
  /** Ids by name. */
  readonly repositories: ReadonlyMap<string, string>
  readonly newId: () => string
  readonly createdBy: string
}

/** What a row of POST /regions comes to. Errors: ROW_KEY_MISSING, INVENTORY_REPOSITORY_NOT_FOUND. */
export function decideRegion(input: RegionInput, deps: RegionDecisionDeps): Region {
  if (input.name === '') throw createError('ROW_KEY_MISSING', ['region_name'])
  const existing = deps.existing.get(input.name)
  const given = input.serverRepositories?.map((name) => repositoryId(name, deps.repositories))
  return {
    id: existing?.id ?? deps.newId(),
    name: input.name,
    // A repository named twice counts once.
    repositoryIds: given && [...new Set(given)],
    createdBy: existing?.createdBy ?? deps.createdBy,
  }
}

function repositoryId(name: string, known: ReadonlyMap<string, string>): string {
  const id = known.get(name)
  if (id === undefined) throw createError('INVENTORY_REPOSITORY_NOT_FOUND', [name])
  return id
}
