// Names of distributions. Source: distribution guide, "Naming convention for distribution file name and storage
// destination directory name": letters, digits, - . _; prefixes hitachi_ and jp1_ in any case are reserved;
// directory and file together at most 235 characters. Ours: nothing begins with a dot.

/** Where a distribution is: `<directory>/<file>` below the store. */
export interface DistributionName {
  readonly directory: string
  readonly file: string
}

/** `im2-agent`, `agent_2.1.zip` */
const ALLOWED = /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/
/** `Hitachi_tools`, `JP1_agent.zip` */
const RESERVED = /^(hitachi_|jp1_)/i
const MAX_LENGTH = 235
/** What is served to agents: `.zip`, `.gz`, `.tgz` */
const ARCHIVE = /\.(zip|gz|tgz)$/i
/** Software of routers, which only links give out; also followed by a release, as in `asr9k-mini-px.pie-5.3.3` */
const SOFTWARE = /\.(pie|tar|rpm|smu|iso|pkg|bin)(-[A-Za-z0-9._]+)?$/i

/** Largest archive in bytes, exactly allowed. Source: distribution guide, "300MB"; REST contract, section 7. */
export const archiveLimitBytes = 314_572_800

/** What a file is by its name. */
export type DistributionKind = 'zip' | 'gzip' | 'software'

/** The kind of a file name; undefined if it ends in nothing we know. */
export function distributionKind(file: string): DistributionKind | undefined {
  const [, extension] = ARCHIVE.exec(file) ?? []
  if (extension !== undefined) return extension.toLowerCase() === 'zip' ? 'zip' : 'gzip'
  return SOFTWARE.test(file) ? 'software' : undefined
}

/** True for a part of a path that may be looked up at all. */
function isAllowedPart(part: string): boolean {
  return ALLOWED.test(part) && part.length <= MAX_LENGTH
}

/** Why a name is not served, as a sentence; undefined if it may be. Extensions are the content's matter. */
export function distributionNameProblem({ directory, file }: DistributionName): string | undefined {
  for (const part of [directory, file]) {
    if (part.startsWith('.')) return 'A name must not begin with a dot.'
    if (!ALLOWED.test(part)) return 'A name holds letters, digits, - . and _ only.'
  }
  if (directory.length + 1 + file.length > MAX_LENGTH) {
    return `Directory and file name together are longer than ${MAX_LENGTH} characters.`
  }
  return undefined
}

/** Why a name may not be published although it would be served; undefined if it may be. */
export function publishingProblem({ directory, file }: DistributionName): string | undefined {
  const reserved = [directory, file].some((part) => RESERVED.test(part))
  return reserved ? 'Names that begin with hitachi_ or jp1_ are reserved.' : undefined
}

/** The path of a request for a file, percent-decoded part by part; undefined if it can be none. */
export function parseDistributionPath(parts: readonly string[]): string[] | undefined {
  const decoded: string[] = []
  for (const part of parts) {
    const text = decodePart(part)
    if (text === undefined || !isAllowedPart(text)) return undefined
    decoded.push(text)
  }
  return decoded
}

/** Decoded once, after the path was split: `%2F` inside a part never becomes a separator, `%252e` never a dot. */
function decodePart(part: string): string | undefined {
  try {
    return decodeURIComponent(part)
  } catch {
    return undefined
  }
}

/** What agents are told a file is, whatever they accept. Source: distribution guide, "Accept". */
export function distributionContentType(file: string): string {
  const kind = distributionKind(file)
  if (kind === 'zip') return 'application/zip'
  return kind === 'gzip' ? 'application/x-gzip' : 'application/octet-stream'
}
