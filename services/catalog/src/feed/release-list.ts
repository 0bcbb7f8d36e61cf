// catalog.dat: which platforms and releases a feed holds. Source: REST contract, section 6: lines
// `<platform>_<release>`, split at the last underscore.
import { feedFailure } from './feed-failure.ts'
import { feedLimits } from './feed-limits.ts'

export interface ListedRelease {
  readonly platform: string
  readonly release: string
}

export interface ReleaseList {
  readonly releases: readonly ListedRelease[]
  readonly skipped: readonly { line: number; reason: string }[]
}

/** What may become part of a file name and of a URL: `asr9k_x64_sysadmin`. */
const PLATFORM = /^[A-Za-z0-9](?:[A-Za-z0-9_-]{0,63})$/
/** `5.3.3`, `6.1.0.06I` */
const RELEASE = /^\d+(?:\.[0-9A-Za-z]+){1,5}$/

/**
 * Reads catalog.dat; a bad line is skipped. @throws FeedFailure unless most of its lines name a release: some lines of
 * any page look like one (`word_1.2`), and their words would come back as names of files.
 */
export function parseReleaseList(text: string): ReleaseList {
  const lines = text.split(/\r\n|\r|\n/)
  if (lines.length > feedLimits.listLines) throw feedFailure('has too many lines')
  const found = new Map<string, ListedRelease>()
  const skipped: { line: number; reason: string }[] = []
  let good = 0
  for (const [index, raw] of lines.entries()) {
    const line = raw.replace(/^\ufeff/, '').trim()
    if (line === '') continue
    const listed = parseLine(line)
    if (listed === undefined) {
      skipped.push({ line: index + 1, reason: 'is not <platform>_<release>' })
      continue
    }
    good += 1
    found.set(line, listed)
  }
  if (good === 0) throw feedFailure('names no platform and release')
  if (skipped.length >= good) throw feedFailure('is no list of platforms and releases')
  return { releases: [...found.values()], skipped }
}

function parseLine(line: string): ListedRelease | undefined {
  const at = line.lastIndexOf('_')
  const [platform, release] = [line.slice(0, Math.max(0, at)), line.slice(at + 1)]
  return PLATFORM.test(platform) && RELEASE.test(release) ? { platform, release } : undefined
}

/** The file of a release: `asr9k_px_5.3.3.xml`. */
export function fileOf({ platform, release }: ListedRelease): string {
  return `${platform}_${release}.xml`
}
