// The guide's rules for software_packages of a job, against what is on the router:
//   Activate    names as on CCO or as the router lists them inactive
//   Remove      inactive names, `*` allowed
//   Deactivate  active names
// What is already as wanted is left out; what does not exist fails the job and is named.
import { actionFailure } from './failure.ts'

/** The packages of a router. */
export interface Software {
  readonly inactive: readonly string[]
  readonly active: readonly string[]
  readonly committed: readonly string[]
}

/** Finds the router's names for names a user gave: packages/router-session knows how they are written. */
export interface PackageNames {
  /** The names among `candidates` that are the same package as `given`. */
  find(given: string, candidates: readonly string[]): string[]
}

const list = (names: readonly string[]) => names.map((name) => `'${name}'`).join(', ')

const distinct = (names: readonly string[]) => [...new Set(names)]

/** What to activate: the inactive list's names. Empty: all of it is active already. */
export function selectForActivate(
  given: readonly string[],
  software: Software,
  names: PackageNames,
): string[] {
  const missing: string[] = []
  const chosen: string[] = []
  for (const name of given) {
    const inactive = names.find(name, software.inactive)
    if (inactive.length > 0) chosen.push(...inactive)
    else if (names.find(name, software.active).length === 0) missing.push(name)
  }
  if (missing.length > 0) {
    throw actionFailure(
      `To be activated packages not in inactive packages list: ${list(missing)}.`,
      `Inactive packages:\n${software.inactive.join('\n') || 'none'}`,
    )
  }
  return distinct(chosen).filter((name) => !software.active.includes(name))
}

/** What to deactivate: the active list's names. */
export function selectForDeactivate(
  given: readonly string[],
  software: Software,
  names: PackageNames,
): string[] {
  const missing = given.filter((name) => names.find(name, software.active).length === 0)
  if (missing.length > 0) {
    throw actionFailure(
      `To be deactivated packages not in active packages list: ${list(missing)}.`,
      `Active packages:\n${software.active.join('\n') || 'none'}`,
    )
  }
  return distinct(given.flatMap((name) => names.find(name, software.active)))
}

/** What to remove: names of the inactive list, patterns expanded. `absent`: given, but not on the router. */
export function selectForRemove(
  given: readonly string[],
  software: Software,
  names: PackageNames,
): { chosen: string[]; absent: string[] } {
  // A pattern means what can go: inactive packages that are still committed cannot, and would refuse the whole command.
  const removable = software.inactive.filter((name) => !software.committed.includes(name))
  const found = given.map((name) =>
    name.includes('*')
      ? removable.filter((each) => matches(name, each))
      : names.find(name, software.inactive),
  )
  const active = given.filter(
    (name, at) => found[at]?.length === 0 && names.find(name, software.active).length > 0,
  )
  if (active.length > 0) {
    throw actionFailure(`Packages that are active cannot be removed: ${list(active)}.`)
  }
  return { chosen: distinct(found.flat()), absent: given.filter((_name, at) => found[at]?.length === 0) }
}

/** `disk0:*6.0.2*` against `disk0:asr9k-mcast-px-6.0.2`; a pattern without a device matches on any. */
function matches(pattern: string, name: string): boolean {
  const source = pattern
    .split('*')
    .map((part) => part.replace(/[\\^$.+?()[\]{}|]/g, '\\$&'))
    .join('.*')
  const bare = pattern.includes(':') ? name : name.slice(name.indexOf(':') + 1)
  return new RegExp(`^${source}$`, 'i').test(bare)
}

/** Names as they are shown to users: without the device they lie on. */
export function withoutDevice(name: string): string {
  return name.replace(/^[a-z]+\d*:/i, '')
}

/** What is in `after` and not in `before`, as users see it, sorted. */
export function appeared(before: readonly string[], after: readonly string[]): string[] {
  const known = new Set(before.map(withoutDevice))
  return distinct(after.map(withoutDevice).filter((name) => !known.has(name))).sort()
}
