/** The three simulated families. */
export type Family = 'asr9k' | 'ncs5500' | 'asr9k-x64'

/** All families, in the order the lab makes routers of them. */
export const FAMILIES: readonly Family[] = ['asr9k', 'ncs5500', 'asr9k-x64']

/** What a package is: the operating system itself, an optional feature, or a fix. */
export type PackageKind = 'image' | 'option' | 'smu'

/** Facts of one installable package; written into the package file and read back by routers. */
export interface PackageFacts {
  /** Internal name without location, as the router lists it: `asr9k-mcast-px-5.3.3`. */
  readonly name: string
  /** File name as distributed: `asr9k-mcast-px.pie-5.3.3`. */
  readonly file: string
  readonly platform: Family
  /** Release the package belongs to: `5.3.3`. */
  readonly release: string
  readonly kind: PackageKind
  /** What it replaces when another release of it is activated: `mini`, `mcast`; of a fix its own id. */
  readonly component: string
  /** True when activating or deactivating it restarts the router. */
  readonly needsReload: boolean
  /** Internal names that must be active with it. */
  readonly requires: readonly string[]
  /** Bytes it takes on the router's disk once added. */
  readonly installedBytes: number
  /** eXR images only: the name shown while active (`ncs5500-xr-6.0.1`). */
  readonly activeName?: string
  /** eXR images only: what the sysadmin plane shows as active (`ncs5500-sysadmin-6.0.1`). */
  readonly sysadminName?: string
}

/** Compares dotted releases number by number (`5.2.10` after `5.2.9`); negative when `a` is older. */
export function compareReleases(a: string, b: string): number {
  const left = a.split('.').map((part) => Number.parseInt(part, 10) || 0)
  const right = b.split('.').map((part) => Number.parseInt(part, 10) || 0)
  for (let i = 0; i < Math.max(left.length, right.length); i += 1) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

/** The name the router shows for a package while it is active. */
export function shownWhileActive(facts: PackageFacts): string {
  return facts.activeName ?? facts.name
}
