import {
  createError,
  type catalogMessages as Messages,
  type ReplyOf,
  type RequestOf,
} from '@slipway/contracts'
import type { CachedCatalog, CatalogCache } from './catalog-cache.ts'
import { compareNames, type Entry } from './entry.ts'
import { optimalSoftware, postedSince } from './optimal.ts'
import { catalogOf, optimizeSoftware } from './optimized.ts'
import type { ReleaseList } from './release-list.ts'
import { newestFirst, platformAskedFor, releaseAskedFor } from './release-name.ts'
import { toDetail, toRow } from './software-row.ts'
import type { Release } from './software-store.ts'

type Ask<K extends keyof typeof Messages> = RequestOf<(typeof Messages)[K]>
type Answer<K extends keyof typeof Messages> = ReplyOf<(typeof Messages)[K]>

/** Answers about software; see the messages for what they mean and which errors they have. */
export interface SoftwareService {
  platforms(): Promise<Answer<'listPlatforms'>['platforms']>
  list(asked: Ask<'listSoftware'>): Promise<Answer<'listSoftware'>>
  find(asked: Ask<'findSoftware'>): Promise<Answer<'findSoftware'>>
  optimize(names: readonly string[]): Promise<Answer<'optimizeSoftware'>['rows']>
}

export interface SoftwareServiceDeps {
  readonly releases: ReleaseList
  readonly cache: CatalogCache
}

export function createSoftwareService({ releases, cache }: SoftwareServiceDeps): SoftwareService {
  async function findRelease(asked: { platform: string; release: string }): Promise<Release | undefined> {
    const platform = platformAskedFor(asked.platform)
    const its = (await releases.read()).filter((each) => each.platform === platform)
    // A release that is called so goes before one whose first numbers agree.
    const wanted = [asked.release, releaseAskedFor(asked.release)]
    return wanted.flatMap((name) => its.find(({ release }) => release === name) ?? [])[0]
  }
  async function catalogFor(asked: {
    platform: string
    release: string
  }): Promise<CachedCatalog | undefined> {
    const release = await findRelease(asked)
    return release === undefined ? undefined : cache.get(release)
  }
  return {
    async platforms() {
      const byPlatform = new Map<string, string[]>()
      for (const { platform, release } of await releases.read()) {
        byPlatform.set(platform, [...(byPlatform.get(platform) ?? []), release])
      }
      return [...byPlatform]
        .map(([name, its]) => ({ name, releases: its.sort(newestFirst) }))
        .sort((a, b) => compareNames(a.name, b.name))
    },
    async list(asked) {
      const notFound = () => createError('CATALOG_SOFTWARE_NOT_FOUND', [asked.platform, asked.release])
      const release = await findRelease(asked)
      if (release === undefined) throw notFound()
      const version = `${release.id}.${release.version}`
      if (asked.known === version) return { version }
      const catalog = await cache.get(release)
      const rows = catalog === undefined ? [] : softwareOf(catalog, asked)
      if (rows.length === 0) throw notFound()
      return { version, rows: rows.map(toRow) }
    },
    async find(asked) {
      const catalog = await catalogFor(asked)
      const entry = catalog?.byName(asked.nameOrId) ?? catalog?.byId(asked.nameOrId)
      if (catalog === undefined || entry === undefined) {
        throw createError('CATALOG_ENTRY_NOT_FOUND', [asked.nameOrId])
      }
      return toDetail(entry, catalog)
    },
    async optimize(names) {
      const of = catalogOf(names)
      const catalog = of === undefined ? undefined : await catalogFor(of)
      return optimizeSoftware(catalog, names)
    },
  }
}

function softwareOf(catalog: CachedCatalog, { optimal, since }: Ask<'listSoftware'>): readonly Entry[] {
  const chosen = optimal ? catalog.memo('optimal', optimalSoftware) : catalog.software
  // The date is applied last: it takes away what is old, also of prerequisites.
  return since === undefined ? chosen : postedSince(chosen, since)
}
