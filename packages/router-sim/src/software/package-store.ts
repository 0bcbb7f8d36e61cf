/**
 * What is on a router's disk: every added package, which of them are active and which committed. "Inactive" is
 * everything that is not active; an activation that needs a reload waits in `pending` until the boot.
 */
import { type PackageFacts, shownWhileActive } from './package-facts.ts'

/** The three package sets of one router. */
export interface PackageStore {
  /** All packages on the disk in the order they were added. */
  readonly all: () => PackageFacts[]
  readonly active: () => PackageFacts[]
  readonly inactive: () => PackageFacts[]
  readonly committed: () => PackageFacts[]
  readonly isActive: (name: string) => boolean
  readonly isCommitted: (name: string) => boolean
  /** Finds by internal name or by the name shown while active. */
  readonly find: (name: string) => PackageFacts | undefined
  /** Adds packages that are not there yet and returns those. */
  readonly add: (packages: readonly PackageFacts[]) => PackageFacts[]
  readonly remove: (names: readonly string[]) => void
  /** Replaces the active set at once (process restart). */
  readonly setActive: (names: ReadonlySet<string>) => void
  /** Replaces the active set at the next boot. */
  readonly setPending: (names: ReadonlySet<string>) => void
  readonly commit: () => void
  /** A boot: the pending set, else the committed one, becomes active. Uncommitted changes are lost. */
  readonly boot: () => void
  /** True when the active set is not the committed one. */
  readonly uncommitted: () => boolean
  readonly bytesUsed: () => number
  /** The image that is running. */
  readonly image: () => PackageFacts
}

/** A store whose packages are all active and committed; exactly one must be the image. */
export function createPackageStore(initial: readonly PackageFacts[]): PackageStore {
  const packages = new Map(initial.map((facts) => [facts.name, facts]))
  let active = new Set(packages.keys())
  let committed = new Set(packages.keys())
  let pending: Set<string> | undefined
  const all = () => [...packages.values()]
  const where = (names: ReadonlySet<string>) => all().filter((facts) => names.has(facts.name))
  const base = initial.find((facts) => facts.kind === 'image')
  if (base === undefined) throw new TypeError('a router needs an image')
  return {
    all,
    active: () => where(active),
    inactive: () => all().filter((facts) => !active.has(facts.name)),
    committed: () => where(committed),
    isActive: (name) => active.has(name),
    isCommitted: (name) => committed.has(name),
    find: (name) => packages.get(name) ?? all().find((facts) => shownWhileActive(facts) === name),
    add(added) {
      const fresh = added.filter((facts) => !packages.has(facts.name))
      for (const facts of fresh) packages.set(facts.name, facts)
      return fresh
    },
    remove(names) {
      for (const name of names) packages.delete(name)
    },
    setActive(names) {
      active = new Set(names)
    },
    setPending(names) {
      pending = new Set(names)
    },
    commit() {
      committed = new Set(active)
    },
    boot() {
      active = pending ?? new Set(committed)
      pending = undefined
    },
    uncommitted: () => active.size !== committed.size || [...active].some((name) => !committed.has(name)),
    bytesUsed: () => all().reduce((total, facts) => total + facts.installedBytes, 0),
    image: () => where(active).find((facts) => facts.kind === 'image') ?? base,
  }
}
