// Who a package is, whatever it is called: the file in the repository (`asr9k-mcast-px.pie-5.3.3`), the name in the
// inactive list (`disk0:asr9k-mcast-px-5.3.3`), the name once active. Two names are one package when platform,
// type, version and fix agree, and the subversion where both have one.

/** The parts of a package name. */
export interface PackageIdentity {
  /** `asr9k`, `ncs5500` */
  platform: string
  /** `mini`, `mcast-x64`; absent in most fixes. */
  type: string | undefined
  /** `6.1.1`, `6.1.1.17I`; `r611` is written out. */
  version: string
  /** `CSCuy47880` */
  smu: string | undefined
  /** Service or feature pack: `sp2`, `fp1`. */
  servicePack: string | undefined
  /** `1.0.0` of a fix, `3.0.0.0` of an RPM. */
  subversion: string | undefined
}

/** `disk0:`, `harddisk:/images/` before a name. */
const LOCATION = /^(?:[A-Za-z][\w-]*:)?(?:.*\/)?/
/** A bug id: `CSCuy47880`. */
const SMU = /CSC[a-z]{2}\d{5}/
/** A pack: `.sp-2`, `.sp2`, `.fp1`. */
const PACK = /[.-](sp|fp)-?(\d+)/i
/** A release: `5.3.3`, engineering `6.1.1.16I`. */
const RELEASE = /\d+\.\d+\.\d+(?:\.\d+[A-Z])?/

const XR_PLATFORM = /^(asr9k|c12k|hfr)-/
const EXR_PLATFORM = /^(ncs5500|ncs1001|ncs540|ncs1k|ncs4k|ncs5k|ncs6k|xrv9k|iosxrv|asr9k)-/
/** Only classic packages carry these: `-px`, `.pie`. */
const CLASSIC = /^(?:c12k|hfr)-|-px?[.-]|-px?$|\.pie\b/

/** Types of classic packages; the first that stands after a hyphen counts. */
const XR_TYPES = [
  'mini',
  'mcast',
  'mgbl',
  'mpls',
  'k9sec',
  'diags',
  'fpd',
  'doc',
  'bng',
  'li',
  'optic',
  'services-infra',
  'services',
  'infra-test',
  'video',
  '9000v',
  'asr901',
  'asr903',
  'ncs500x',
] as const

/** Reads a package name, classic or 64-bit; undefined when it is none (a tar of many is none, either). */
export function parsePackage(name: string): PackageIdentity | undefined {
  const bare = name.trim().replace(LOCATION, '')
  return CLASSIC.test(bare) ? parseXrPackage(bare) : (parseExrPackage(bare) ?? parseXrPackage(bare))
}

function parseXrPackage(bare: string): PackageIdentity | undefined {
  const platform = XR_PLATFORM.exec(bare)?.[1]
  const version = RELEASE.exec(bare)?.[0]
  if (platform === undefined || version === undefined) return undefined
  const type = xrType(bare.replace('-asr9000v', '-9000v'))
  const smu = SMU.exec(bare)?.[0]
  const servicePack = packOf(bare)
  if (type === undefined && smu === undefined && servicePack === undefined) return undefined
  return { platform, type, version, smu, servicePack, subversion: fixSubversion(bare) }
}

/** Each type after a hyphen, not the beginning of a longer word; made once, as names are read by the thousand. */
const xrTypePatterns = XR_TYPES.map((type) => [type, new RegExp(`-${type}(?![a-z0-9])`, 'i')] as const)

function xrType(bare: string): string | undefined {
  return xrTypePatterns.find(([, pattern]) => pattern.test(bare))?.[0]
}

/** `r601` → `6.0.1`, `r62111I` → `6.2.1.11I`, `r6625` → `6.6.25`. */
const R_VERSION = /-r(\d)(\d)(\d)(?:(\d+[A-Z])|(\d+))?(?![\dA-Za-z])/
/** The version of an RPM between type and release: `-3.0.0.0-r601`. */
const RPM_VERSION = /-(\d+\.\d+\.\d+\.\d+)-/
/** The end of the type: the first version after it. */
const AFTER_TYPE = /-\d+\.\d+\.\d+/
/** Suffixes inside a name: `.pkg`, `.iso`. */
const SUFFIX = /\.(?:pkg|iso|smu|rpm|tar|bin)\b/g

function parseExrPackage(bare: string): PackageIdentity | undefined {
  const platform = EXR_PLATFORM.exec(bare)?.[1]
  if (platform === undefined) return undefined
  const rest = bare.slice(platform.length)
  const version = exrVersion(rest)
  if (version === undefined) return undefined
  const typeEnd = AFTER_TYPE.exec(rest)?.index ?? 0
  const typeText = rest.slice(1, Math.max(1, typeEnd)).replace(SUFFIX, '')
  const type = typeText === '' ? undefined : typeText
  const smu = SMU.exec(rest)?.[0]
  const servicePack = packOf(rest)
  if (type === undefined && smu === undefined && servicePack === undefined) return undefined
  return {
    platform,
    type,
    version,
    smu,
    servicePack,
    subversion: RPM_VERSION.exec(rest)?.[1] ?? fixSubversion(rest),
  }
}

/** The version of a 64-bit name: `6.1.3` of `-r613`, else the first release in it. */
export function exrVersion(rest: string): string | undefined {
  const short = R_VERSION.exec(rest)
  if (short === null) return RELEASE.exec(rest)?.[0]
  const [, major = '', minor = '', third = '', build, more = ''] = short
  return `${major}.${minor}.${third}${build === undefined ? more : `.${build}`}`
}

function packOf(text: string): string | undefined {
  const match = PACK.exec(text)
  return match === null ? undefined : `${match[1]?.toLowerCase()}${match[2]}`
}

/** `-1.0.0` after a bug id or pack. */
function fixSubversion(text: string): string | undefined {
  return /(?:CSC[a-z]{2}\d{5}|[.-](?:sp|fp)-?\d+)-(\d+\.\d+\.\d+)/i.exec(text)?.[1]
}
