import { type PackageIdentity, parsePackage } from './package-identity.ts'

/** An image file whose running form is called `<platform>-xr-<version>`: `mini-x`, `full-x64`, `goldenk9-x`. */
const IMAGE_TYPE = /^(?:mini|full|fullk9|golden|goldenk9)-x(?:64)?$/
const RUNNING_IMAGE = 'xr'

/** Whether two names, in whatever form, are one package. Names that cannot be read must be spelled alike. */
export function samePackage(a: string, b: string): boolean {
  const [first, second] = [parsePackage(a), parsePackage(b)]
  if (first === undefined || second === undefined) return bareName(a) === bareName(b)
  return sameIdentity(first, second)
}

/** What became of a wanted package. */
export interface Resolution {
  /** In the order wanted; `name` is the spelling of the available list. */
  matched: { wanted: string; name: string }[]
  /** Wanted, but not available. */
  missing: string[]
}

/** Finds the wanted packages among the available names; a name spelled alike goes before one that merely means the same. */
export function resolvePackages(wanted: readonly string[], available: readonly string[]): Resolution {
  const resolution: Resolution = { matched: [], missing: [] }
  for (const name of new Set(wanted)) {
    const found =
      available.find((candidate) => bareName(candidate) === bareName(name)) ??
      available.find((candidate) => samePackage(name, candidate))
    if (found === undefined) resolution.missing.push(name)
    else resolution.matched.push({ wanted: name, name: found })
  }
  return resolution
}

function sameIdentity(a: PackageIdentity, b: PackageIdentity): boolean {
  const subversion = a.subversion === undefined || b.subversion === undefined || a.subversion === b.subversion
  return (
    subversion &&
    a.platform === b.platform &&
    sameType(a.type, b.type) &&
    a.version === b.version &&
    a.smu === b.smu &&
    a.servicePack === b.servicePack
  )
}

function sameType(a: string | undefined, b: string | undefined): boolean {
  if (a === b) return true
  const isImage = (type: string | undefined) => type !== undefined && IMAGE_TYPE.test(type)
  return (a === RUNNING_IMAGE && isImage(b)) || (b === RUNNING_IMAGE && isImage(a))
}

function bareName(name: string): string {
  return name.trim().replace(/^[A-Za-z][\w-]*:/, '')
}
