// Catalogs of recently asked releases, indexed and ready. Bounded by entries; the one that was not asked for the
// longest goes first. A catalog of an older version than the database's is never handed out.
import type { CatalogMetrics } from '../catalog-metrics.ts'
import { createSoftwareCatalog, type SoftwareCatalog } from './software-catalog.ts'
import type { Release, SoftwareStore } from './software-store.ts'

/** A catalog with answers that were computed from it. */
export interface CachedCatalog extends SoftwareCatalog {
  /** Computes an answer once. @param key names the question */
  memo<T>(key: string, compute: (catalog: SoftwareCatalog) => T): T
}

export interface CatalogCache {
  /** The catalog of a release in its present version; undefined if it is gone. */
  get(release: Release): Promise<CachedCatalog | undefined>
  /** Drops what a release had before. */
  forget(platform: string, release: string): void
}

interface Slot {
  readonly version: number
  readonly catalog: Promise<CachedCatalog | undefined>
  /** Known once it is loaded. */
  entries: number
}

export function createCatalogCache(
  store: Pick<SoftwareStore, 'entries'>,
  options: { readonly maxEntries: number; readonly asked: CatalogMetrics['releaseAsked'] },
): CatalogCache {
  const slots = new Map<string, Slot>()
  const keyOf = (platform: string, release: string) => `${platform}_${release}`

  function load(key: string, { id, version }: Release): Slot {
    const slot: Slot = {
      version,
      entries: 0,
      catalog: store.entries(id).then((found) => {
        if (found === undefined) return undefined
        slot.entries = found.entries.length
        trim()
        return withMemo(createSoftwareCatalog(found.entries))
      }),
    }
    slots.set(key, slot)
    // A reading that failed is tried again by the next question.
    slot.catalog.catch(() => drop(key, slot))
    return slot
  }
  function drop(key: string, slot: Slot): void {
    if (slots.get(key) === slot) slots.delete(key)
  }
  /** At least the newest stays, however large. */
  function trim(): void {
    let total = [...slots.values()].reduce((sum, { entries }) => sum + entries, 0)
    for (const [key, slot] of slots) {
      if (total <= options.maxEntries || slots.size === 1) return
      slots.delete(key)
      total -= slot.entries
    }
  }
  return {
    get(release) {
      const key = keyOf(release.platform, release.release)
      const known = slots.get(key)
      const isInMemory = known?.version === release.version
      options.asked(isInMemory)
      if (known === undefined || !isInMemory) {
        slots.delete(key)
        return load(key, release).catalog
      }
      // Asked for just now: last to go.
      slots.delete(key)
      slots.set(key, known)
      return known.catalog
    },
    forget: (platform, release) => void slots.delete(keyOf(platform, release)),
  }
}

function withMemo(catalog: SoftwareCatalog): CachedCatalog {
  const answers = new Map<string, unknown>()
  return {
    ...catalog,
    memo<T>(key: string, compute: (of: SoftwareCatalog) => T): T {
      if (!answers.has(key)) answers.set(key, compute(catalog))
      return answers.get(key) as T
    },
  }
}
