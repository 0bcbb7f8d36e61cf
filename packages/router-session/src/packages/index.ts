// Package names without the rest of the router session: the catalog reads names, and needs neither sessions nor ssh2.
// The rule of which names are one package stands here and nowhere else; executor and catalog both import it.
export { catalogPlatform, catalogRelease, firstRelease } from './catalog-name.ts'
export type { PackageIdentity } from './package-identity.ts'
export { parsePackage } from './package-identity.ts'
export type { PackageIndex } from './package-index.ts'
export { createPackageIndex } from './package-index.ts'
export type { Resolution } from './resolve-packages.ts'
export { resolvePackages } from './resolve-packages.ts'
export { samePackage } from './same-package.ts'
