import { type Static, Type } from '@sinclair/typebox'
import { Duration } from '@slipway/service-kit'

/** Settings of the catalog (`CATALOG_*` unless named otherwise). */
export const catalogConfig = Type.Object({
  feedDir: Type.String({
    env: 'CATALOG_FEED_DIR',
    default: './data/catalog',
    description:
      'The only directory below which a catalog feed is read; in standalone below the data directory.',
  }),
  feedSource: Type.String({
    env: 'CATALOG_FEED_SOURCE',
    default: '.',
    description:
      'What is imported daily: a directory below CATALOG_FEED_DIR (`.`: itself, if it holds catalog.dat) or an HTTP(S) base.',
  }),
  importInterval: Duration({
    default: 86_400_000,
    minimum: 1_000,
    description: 'How long after its last import the source of CATALOG_FEED_SOURCE is imported again.',
  }),
  idleTimeout: Duration({
    default: 30_000,
    minimum: 100,
    maximum: 600_000,
    description: 'How long an HTTP server may be silent before a file of its feed is given up.',
  }),
  fileTimeout: Duration({
    default: 300_000,
    minimum: 100,
    maximum: 3_600_000,
    description: 'How long one file of an HTTP feed may take.',
  }),
  cachedEntries: Type.Integer({
    default: 50_000,
    minimum: 1,
    maximum: 10_000_000,
    description: 'How many entries of recently asked releases are kept in memory, about 2 kB each.',
  }),
})
export type CatalogConfig = Static<typeof catalogConfig>
