// How platforms and releases are called. Source: REST contract, section 6.
import { firstRelease } from '@slipway/router-session/packages'

/** Software platforms of hosts, by the catalog's platform. `ASR9K-64` stands in an old sample of the guide. */
const hostPlatforms: Readonly<Record<string, string>> = {
  ASR9K: 'asr9k_px',
  'ASR9K-X64': 'asr9k_x64',
  'ASR9K-64': 'asr9k_x64',
  CRS: 'crs_px',
  NCS4K: 'ncs4k',
  NCS5K: 'ncs5k',
  NCS540: 'ncs540',
  NCS5500: 'ncs5500',
  NCS6K: 'ncs6k',
}

/** The catalog's platform for a platform as asked for: its own name, or a host's software platform. */
export function platformAskedFor(platform: string): string {
  return hostPlatforms[platform] ?? platform
}

/** The catalog's release for a release as asked for: `6.1.0` for `6.1.0.06I`. */
export function releaseAskedFor(release: string): string {
  return firstRelease(release) ?? release
}

/** Newest first, number by number: 6.0.0 before 5.3.3, 5.10.1 before 5.9.1. */
export function newestFirst(a: string, b: string): number {
  const [left, right] = [numbersOf(a), numbersOf(b)]
  for (let at = 0; at < Math.max(left.length, right.length); at += 1) {
    const difference = (right[at] ?? -1) - (left[at] ?? -1)
    if (difference !== 0) return difference
  }
  return a < b ? 1 : a > b ? -1 : 0
}

function numbersOf(release: string): number[] {
  return release.split('.').map((part) => Number.parseInt(part, 10) || 0)
}
