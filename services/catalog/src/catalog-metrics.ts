// What the catalog counts. When the last import ended is read from the database when somebody scrapes: it is as true in
// a replica that did not run it, and after a restart.
import type { ImportRow } from '@slipway/contracts'
import { counter, histogram, type Metrics, scrapedGauges } from '@slipway/service-kit'

export interface CatalogMetrics {
  /** An import ended, so long after it began. */
  importEnded(result: 'completed' | 'failed', seconds: number, entries: ImportRow['entries']): void
  /** Imports of a process that is gone were ended. */
  interrupted(imports: number): void
  /** A release was asked for: whether it was in memory in its present version. */
  releaseAsked(isInMemory: boolean): void
}

/** Seconds: a file that did not change is a header, a whole feed over a slow line takes long. */
const importBuckets = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600]

/** @param lastCompleted when the last import that succeeded ended; undefined if none did */
export function createCatalogMetrics(
  metrics: Metrics,
  lastCompleted: () => Promise<Date | undefined>,
): CatalogMetrics {
  scrapedGauges(metrics, {
    read: lastCompleted,
    gauges: [
      {
        name: 'slipway_catalog_last_import_timestamp_seconds',
        help: 'When the last import that succeeded ended, in seconds since 1970; 0 if none did.',
        set: (at, put) => put(at === undefined ? 0 : at.getTime() / 1_000),
      },
    ],
  })
  const imports = counter(metrics, {
    name: 'slipway_catalog_imports_total',
    help: 'Imports that ended, by result (completed, failed).',
    labels: ['result'],
  })
  const duration = histogram(metrics, {
    name: 'slipway_catalog_import_seconds',
    help: 'How long imports took.',
    buckets: importBuckets,
  })
  const entries = counter(metrics, {
    name: 'slipway_catalog_import_entries_total',
    help: 'Entries of imported files: added, changed, removed, unchanged, or skipped because they were bad.',
    labels: ['change'],
  })
  const asked = counter(metrics, {
    name: 'slipway_catalog_release_reads_total',
    help: 'Releases that answers were made of: from memory (hit), or read from the database (miss).',
    labels: ['outcome'],
  })
  return {
    importEnded(result, seconds, changes) {
      imports.inc({ result })
      duration.observe(Math.max(0, seconds))
      for (const [change, count] of Object.entries(changes)) entries.inc({ change }, count)
    },
    interrupted: (count) => imports.inc({ result: 'failed' }, count),
    releaseAsked: (isInMemory) => asked.inc({ outcome: isInMemory ? 'hit' : 'miss' }),
  }
}
