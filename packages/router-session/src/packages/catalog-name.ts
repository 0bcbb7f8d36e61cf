// Which software catalog a package belongs to, by its name alone. Source: REST contract, section 6 ("Package name →
// platform (first match, case-sensitive)", "Release"), which follows the names CSM Server knows.
import { exrVersion } from './package-identity.ts'

/** Platforms of 64-bit routers whose packages carry the platform's name. */
const EXR_STEMS = 'ncs1k|ncs1001|ncs4k|ncs5k|ncs540|ncs5500|ncs6k|xrv9k'
/** Bundles are named after the product: `NCS5000-iosxr-k9-6.1.3.tar`. */
const PRODUCTS: Readonly<Record<string, string>> = {
  NCS1K: 'ncs1k',
  NCS1001: 'ncs1001',
  NCS4K: 'ncs4k',
  NCS5000: 'ncs5k',
  NCS540: 'ncs540',
  NCS5500: 'ncs5500',
  NCS6000: 'ncs6k',
  XRV9000: 'xrv9k',
}

/** The first match counts; the part in parentheses of the last two is the platform's stem. */
const platformNames: readonly (readonly [RegExp, (stem: string) => string])[] = [
  // asr9k-mgbl-x64-3.0.0.0-r612, ASR9K-x64-iosxr-px-k9-6.2.2.tar, iosxr-os-asr9k-64-5.0.0.1-r613.CSCvc01618.x86_64.rpm
  [/ASR9K-x64|asr9k.*x64|asr9k.*-64/, () => 'asr9k_x64'],
  // asr9k-sysadmin-6.2.1, asr9k-xr-6.2.1
  [/asr9k-sysadmin|asr9k-xr/, () => 'asr9k_x64_sysadmin'],
  // ASR9K-iosxr-px-k9-5.3.3.tar, asr9k-px-5.3.3.CSCuy81837.pie, disk0:asr9k-mcast-px-5.3.3
  [/ASR9K-iosxr|asr9k-px|asr9k.*-px/, () => 'asr9k_px'],
  // hfr-px-5.1.2.CSCuz05961.pie, CRS-iosxr-px-6.1.2.tar
  [/hfr|CRS/, () => 'crs_px'],
  // c12k-mini.pie-4.3.2
  [/c12k/, () => 'xr12000'],
  // ncs6k-sysadmin.iso-5.2.4, xrv9k-xr-6.1.1
  [new RegExp(`(${EXR_STEMS})-(?:sysadmin|xr)`), (stem) => `${stem}_sysadmin`],
  // ncs5500-mgbl-3.0.0.0-r613.x86_64.rpm, NCS5000-iosxr-k9-6.1.3.tar
  [new RegExp(`(${EXR_STEMS}|${Object.keys(PRODUCTS).join('|')})`), (stem) => PRODUCTS[stem] ?? stem],
]

/** The first release in a text: `6.1.3` of `ncs5500-mini-x.iso-6.1.3`. */
const RELEASE = /\d+\.\d+\.\d+/

/** The catalog's platform of a package name, in any of its forms; undefined if the name tells none. */
export function catalogPlatform(name: string): string | undefined {
  for (const [pattern, platform] of platformNames) {
    const match = pattern.exec(name)
    if (match !== null) return platform(match[1] ?? '')
  }
  return undefined
}

/** The release a package name tells: `6.1.3` of `…-r613`, else the first three numbers with dots between; undefined if none. */
export function catalogRelease(name: string): string | undefined {
  return firstRelease(exrVersion(name) ?? name)
}

/** The first `d.d.d` of a text: `6.1.0` of `6.1.0.06I`. */
export function firstRelease(text: string): string | undefined {
  return RELEASE.exec(text)?.[0]
}
