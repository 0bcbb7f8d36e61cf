/** A router's state as plain data. */
import type { RouterCore } from './router-core.ts'
import type { PowerStatus } from './router-power.ts'
import type { Family, PackageFacts } from './software/package-facts.ts'

/** A snapshot of a router, JSON-ready. */
export interface RouterState {
  readonly name: string
  readonly family: Family
  readonly hostname: string
  readonly release: string
  /** `up`, or `down` while a reload refuses connections, or `stopped`. */
  readonly status: PowerStatus
  readonly bootedAt: string
  readonly reloads: number
  readonly active: readonly string[]
  readonly inactive: readonly string[]
  readonly committed: readonly string[]
  readonly uncommitted: boolean
  readonly sessions: readonly {
    readonly id: number
    readonly line: string
    readonly user: string
    readonly remote: string
  }[]
  readonly operations: readonly {
    readonly id: number
    readonly kind: string
    /** The command as the router's log shows it, passwords masked. */
    readonly text: string
    readonly state: string
    readonly packages: readonly string[]
  }[]
}

/** Takes a snapshot. */
export function snapshotOf(core: RouterCore, power: Pick<RouterState, 'status' | 'reloads'>): RouterState {
  const { store } = core
  const names = (packages: readonly PackageFacts[]) => packages.map((facts) => facts.name)
  return {
    name: core.name,
    family: core.profile.family,
    hostname: core.hostname,
    release: store.image().release,
    ...power,
    bootedAt: core.bootedAt().toISOString(),
    active: names(store.active()),
    inactive: names(store.inactive()),
    committed: names(store.committed()),
    uncommitted: store.uncommitted(),
    sessions: core.sessions().map(({ id, line, user, remote }) => ({ id, line, user, remote })),
    operations: core.engine
      .log()
      .map(({ id, kind, text, state, packages }) => ({ id, kind, text, state, packages: [...packages] })),
  }
}
