// Services meet by name and id: what a job stored is resolved anew at each attempt, and what vanished is named.
import { createError, type ExecutionTarget } from '@slipway/contracts'
import { distinct } from '../row-plan.ts'
import type { ExecutionStore } from './execution-store.ts'

export interface NamesToResolve {
  readonly hostnames: readonly string[]
  readonly repositories: readonly string[]
  readonly profiles: readonly string[]
}

export interface TargetToResolve {
  readonly hostId: string
  readonly serverRepository?: string | undefined
  readonly commandProfiles: readonly string[]
}

export interface ExecutionService {
  /** Which of the names exist. */
  resolveNames(names: NamesToResolve): Promise<{
    hosts: { hostname: string; id: string }[]
    repositories: string[]
    profiles: string[]
  }>
  /** Everything for one attempt. Error: INVENTORY_HOST_NOT_FOUND with the id, as the host has no name any more. */
  resolveTarget(request: TargetToResolve): Promise<ExecutionTarget>
}

export function createExecutionService({ store }: { readonly store: ExecutionStore }): ExecutionService {
  return {
    async resolveNames({ hostnames, repositories, profiles }) {
      return {
        hosts: await ifAny(distinct(hostnames), store.findHosts),
        repositories: await ifAny(distinct(repositories), store.findRepositoryNames),
        profiles: await ifAny(distinct(profiles), store.findProfileNames),
      }
    },
    resolveTarget: (request) => resolveTarget(store, request),
  }
}

/** Nothing is asked about no names. */
async function ifAny<T>(names: string[], find: (names: string[]) => Promise<T[]>): Promise<T[]> {
  return names.length === 0 ? [] : find(names)
}

async function resolveTarget(store: ExecutionStore, request: TargetToResolve): Promise<ExecutionTarget> {
  const { hostId, serverRepository, commandProfiles } = request
  const found = await store.readHost(hostId)
  if (found === undefined) throw createError('INVENTORY_HOST_NOT_FOUND', [hostId])
  const repository = serverRepository === undefined ? undefined : await store.readRepository(serverRepository)
  const known = new Map((await store.readProfiles(commandProfiles)).map((profile) => [profile.name, profile]))
  const missing: string[] = []
  if (serverRepository !== undefined && repository === undefined) {
    missing.push(createError('INVENTORY_REPOSITORY_NOT_FOUND', [serverRepository]).message)
  }
  const profiles: ExecutionTarget['profiles'] = []
  for (const name of commandProfiles) {
    const profile = known.get(name)
    if (profile === undefined) missing.push(createError('INVENTORY_PROFILE_NOT_FOUND', [name]).message)
    else profiles.push(profile)
  }
  return {
    host: found.host,
    ...(found.jumpHost === undefined ? {} : { jumpHost: found.jumpHost }),
    ...(repository === undefined ? {} : { repository }),
    profiles,
    missing,
  }
}
