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

/** A name without the device it lies on: `disk0:asr9k-mcast-px-5.3.3`. */
export function bareName(name: string): string {
  return name.trim().replace(/^[A-Za-z][\w-]*:/, '')
}
