// Messages of the catalog service: platforms, releases, their software, imports of the feed.
import { type Static, Type } from '@sinclair/typebox'
import { defineEvent, defineRpc, type Rpc } from './message.ts'
import { Moment, oneOf, strict, Text } from './shapes.ts'

/** An entry of the catalog as it is shown; every value a text, lists delimited by commas. */
export const SoftwareRow = strict({
  id: Text,
  name: Text,
  status: Text,
  type: Text,
  postedDate: Text,
  ddts: Text,
  description: Text,
  functionalAreas: Text,
  impact: Text,
  packageBundles: Text,
  compressedImageSize: Text,
  uncompressedImageSize: Text,
  prerequisites: Text,
  supersedes: Text,
  supersededBy: Text,
  compositeDdts: Text,
})
export type SoftwareRow = Static<typeof SoftwareRow>

/** The same with the ids of those it names, in the order of the names, `Unknown` where the catalog has none. */
export const SoftwareDetail = strict({
  ...SoftwareRow.properties,
  prerequisitesIds: Text,
  supersedesIds: Text,
  supersededByIds: Text,
})
export type SoftwareDetail = Static<typeof SoftwareDetail>

/** What a name of a list of software is. */
export const softwareRoles = ['Pre-requisite', 'SMU/SP', 'Package', 'Unrecognized'] as const

/** As asked for: a platform of the catalog or of a host, a release or what begins like one. */
const Of = { platform: Text, release: Text }

export const importStates = ['in-progress', 'completed', 'failed'] as const

/** What could not be used: an entry of a file, or, without a line of its own, a whole file. Never quotes the file. */
export const ImportProblem = strict({
  file: Text,
  line: Type.Optional(Type.Integer({ minimum: 1 })),
  reason: Text,
})
export type ImportProblem = Static<typeof ImportProblem>

const Count = Type.Integer({ minimum: 0 })

export const ImportRow = strict({
  id: Type.Integer({ minimum: 1 }),
  source: Text,
  state: oneOf(importStates),
  /** What it is doing or why it failed. */
  message: Text,
  requestedBy: Text,
  startedAt: Moment,
  finishedAt: Type.Optional(Moment),
  files: strict({ listed: Count, done: Count, imported: Count, unchanged: Count, failed: Count }),
  entries: strict({ added: Count, changed: Count, removed: Count, unchanged: Count, skipped: Count }),
  /** The first of the entries and lines that were skipped. */
  skipped: Type.Array(ImportProblem),
  /** The first of the files that were left out; what was imported of them before stays. */
  failedFiles: Type.Array(ImportProblem),
})
export type ImportRow = Static<typeof ImportRow>

/**
 * How long an answer may be given again without asking whether it is still right: by a gateway its bytes, by the
 * catalog its list of releases, in milliseconds. An import is `completed` only when no such answer can be left.
 */
export const catalogAnswerMaxAgeMs = 100

/** Stands for an answer: whoever has the one of this version need not be told again. */
const Version = Text

export const catalogMessages = {
  /** Platforms by name, each with its releases, newest first. */
  listPlatforms: defineRpc('catalog', 'platform.list', {
    request: strict({}),
    reply: strict({ platforms: Type.Array(strict({ name: Text, releases: Type.Array(Text) })) }),
    permission: 'read',
  }),
  /**
   * The optimal or all software of a release, SMUs before service packs, by name. `since`: posted on that day
   * (`2016-04-27`) or later. `known`: the version of an answer that the asker holds; if it is still right the reply
   * has no rows. Error: CATALOG_SOFTWARE_NOT_FOUND.
   */
  listSoftware: defineRpc('catalog', 'software.list', {
    request: strict({
      ...Of,
      optimal: Type.Boolean(),
      since: Type.Optional(Type.String({ minLength: 10, maxLength: 10 })),
      known: Type.Optional(Version),
    }),
    reply: strict({ version: Version, rows: Type.Optional(Type.Array(SoftwareRow)) }),
    permission: 'read',
    timeoutMs: 15_000,
  }),
  /** One entry, by name or else by id. Error: CATALOG_ENTRY_NOT_FOUND. */
  findSoftware: defineRpc('catalog', 'software.find', {
    request: strict({ ...Of, nameOrId: Text }),
    reply: SoftwareDetail,
    permission: 'read',
  }),
  /** A list of software put right: superseded fixes dropped, missing prerequisites added, each name with what it is. */
  optimizeSoftware: defineRpc('catalog', 'software.optimize', {
    request: strict({
      names: Type.Array(Type.String({ minLength: 1, maxLength: 300 }), { maxItems: 5_000 }),
    }),
    reply: strict({
      rows: Type.Array(strict({ name: Text, role: oneOf(softwareRoles), description: Text })),
    }),
    permission: 'read',
  }),
  /**
   * Begins an import and answers at once. `source`: a directory below CATALOG_FEED_DIR or an HTTP(S) base; absent: the
   * one that is imported daily. The same source while it is being imported answers the import that runs.
   * Errors: CATALOG_SOURCE_INVALID, CATALOG_IMPORT_RUNNING (of another source).
   */
  startImport: defineRpc('catalog', 'import.start', {
    request: strict({ source: Type.Optional(Type.String({ maxLength: 1_000 })) }),
    reply: strict({ id: Type.Integer({ minimum: 1 }) }),
    permission: 'catalog.import',
    timeoutMs: 15_000,
  }),
  /** An import with its progress. Error: CATALOG_IMPORT_NOT_FOUND. */
  findImport: defineRpc('catalog', 'import.find', {
    request: strict({ id: Type.Integer({ minimum: 0 }) }),
    reply: ImportRow,
    permission: 'read',
  }),
} as const satisfies Record<string, Rpc>

export const catalogEvents = {
  /** The software of a release was imported and is another than before. */
  releaseImported: defineEvent(
    'catalog',
    'release.imported',
    strict({ platform: Text, release: Text, version: Version }),
  ),
} as const
