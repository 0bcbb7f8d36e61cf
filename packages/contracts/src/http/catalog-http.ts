// The software catalog as the HTTP API shows it. Source: API guide, section 1.2; REST contract, sections 6 and 8.
import { Type } from '@sinclair/typebox'
import { importStates, softwareRoles } from '../catalog.ts'
import { answer } from './http-samples.ts'
import { choice, envelope, failure, filter, integer, listOf, named, pathName, text } from './http-shapes.ts'
import type { HttpOperation, HttpParameter } from './operation.ts'

const base = '/api/v1/cco'

const entryKeys = {
  id: text('Id in the feed.', 'AA11308'),
  name: text('Name in the feed.', 'asr9k-px-5.3.3.CSCuz05961'),
  status: text('`Posted`, `Obsoleted`, …', 'Posted'),
  type: text('`Recommended`, `Optional`, `PSIRT`.', 'Optional'),
  posted_date: text('As printed in the feed; empty if never posted.', '04/27/2016 21:39:38 PDT'),
  ddts: text('Bugs it fixes, comma delimited.', 'CSCuz05961'),
  description: text('What it is about.', 'Link Flaps'),
  functional_areas: text('Comma delimited.', 'ETHER'),
  impact: text('What activating it does.', 'Needs Reboot'),
  package_bundles: text('Comma delimited.', 'asr9k-mini-px'),
  compressed_image_size: text('Bytes.', '113616329'),
  uncompressed_image_size: text('Bytes.', '181961047'),
  prerequisites: text('Names, comma delimited.', 'asr9k-px-5.3.3.CSCux24553'),
  supersedes: text('Names, comma delimited.', 'asr9k-px-5.3.3.CSCtz68435'),
  superseded_by: text('Names, comma delimited.'),
  composite_DDTS: text('Bugs that a service pack fixes, comma delimited.'),
}
const Software = named('Software', Type.Object(entryKeys))
const SoftwareEntry = named(
  'SoftwareEntry',
  Type.Object({
    ...entryKeys,
    prerequisites_smu_ids: text(
      'In the order of the names, `Unknown` where the catalog has none.',
      'AA11262',
    ),
    supersedes_smu_ids: text('Likewise.', 'AA11011'),
    superseded_by_smu_ids: text('Likewise.'),
  }),
)

const OptimizedSoftware = named(
  'OptimizedSoftware',
  Type.Object({
    software_package: text('A package, as it is distributed.', 'asr9k-px-5.3.3.CSCuz05961.pie'),
    is: choice('What it is; rows stand in this order.', softwareRoles, 'SMU/SP'),
    description: text('What the fix is about; else empty.', 'Link Flaps'),
  }),
)

const Problem = Type.Object({
  file: text('A file of the feed.', 'asr9k_px_5.3.3.xml'),
  line: Type.Union([integer('Where in the file, from 1.', 17), Type.Literal('')]),
  reason: text('Why; never a word of the file.', 'has no name'),
})
const count = (description: string, example: number) => integer(description, example)
const CatalogImport = named(
  'CatalogImport',
  Type.Object({
    id: integer('Its id.', 3),
    source: text('Directory below `CATALOG_FEED_DIR`, or HTTP(S) base.', 'catalog'),
    status: choice('How far it is.', importStates, 'completed'),
    status_message: text(
      'What it is doing, how it ended, or why it failed.',
      '9 files: 9 imported, 0 unchanged.',
    ),
    created_by: text('Who asked for it; `system` for the daily one.', 'root'),
    start_time: text('RFC 1123.', 'Wed, 01 Jun 2016 15:15:00 GMT'),
    finish_time: text('RFC 1123; empty while it is in progress.', 'Wed, 01 Jun 2016 15:15:04 GMT'),
    files_listed: count('Files that catalog.dat names.', 9),
    files_done: count('Files that were dealt with so far.', 9),
    files_imported: count('Of these: imported.', 9),
    files_unchanged: count('Of these: of the same creation date as before.', 0),
    files_failed: count('Of these: not usable; what was imported of them before stays.', 0),
    entries_new: count('Entries that were not there before.', 52),
    entries_changed: count('Entries that differ from before.', 0),
    entries_removed: count('Entries that are gone.', 0),
    entries_unchanged: count('Entries as before, in imported files.', 0),
    entries_skipped: count('Entries and lines that were not usable.', 1),
    skipped_list: Type.Array(Problem, { description: 'The first 500 of what was skipped.' }),
    failed_file_list: Type.Array(Problem, {
      description: 'The first 500 of the files that failed.',
      examples: [[]],
    }),
  }),
)

const platform: HttpParameter = {
  ...filter('A platform of the catalog, or the software platform of a host.', 'asr9k_px'),
  required: true,
}
const release: HttpParameter = {
  ...filter('A release; of a longer version the first three numbers count.', '5.3.3'),
  required: true,
}

export const catalogOperations: readonly HttpOperation[] = [
  {
    method: 'get',
    path: `${base}/catalog`,
    id: 'getCatalog',
    tag: 'Catalog',
    summary: 'Platforms and releases',
    permission: 'read',
    answers: {
      200: {
        description: 'Releases by platform, newest first.',
        schema: envelope(Type.Record(Type.String(), Type.Array(Type.String()))),
        example: { api_response: { asr9k_px: ['6.0.0', '5.3.3'], crs_px: ['5.3.3'] } },
      },
    },
  },
  {
    method: 'get',
    path: `${base}/software`,
    id: 'listSoftware',
    tag: 'Catalog',
    summary: 'Software of a release',
    description:
      'SMUs, then service packs, by name. Optimal software is what is posted and superseded by nothing, with the ' +
      'prerequisites of it that nothing in the list covers.',
    permission: 'read',
    query: {
      platform,
      release,
      date: filter('Posted on this day or later, `mm-dd-yyyy`; applied last.', '12-20-2015'),
      optimal: { description: '`false`: all.', schema: choice('', ['true', 'false']), example: 'false' },
    },
    answers: {
      200: answer('The software.', listOf('software_list', Software)),
      400: failure(
        'Unknown platform or release, nothing left, or a wrong parameter.',
        'Unable to get software information for platform asr9k_px and release 5.3.9',
      ),
    },
  },
  {
    method: 'get',
    path: `${base}/software/{name_or_id}`,
    id: 'getSoftware',
    tag: 'Catalog',
    summary: 'One entry',
    permission: 'read',
    params: { name_or_id: pathName('Name or id in the feed.', 'AA11308') },
    query: { platform, release },
    answers: {
      200: answer('The entry.', envelope(SoftwareEntry)),
      400: failure('Platform or release is missing.', "Missing parameter: 'release'."),
      404: failure('There is no such entry.', 'Unable to locate AA11308'),
    },
  },
  {
    method: 'get',
    path: `${base}/get_optimized_software`,
    id: 'getOptimizedSoftware',
    tag: 'Catalog',
    summary: 'Put a list of software right',
    description:
      'Drops what another of the list supersedes, adds missing prerequisites and the other packages of a fix. ' +
      'Names may be those of files, or as routers list packages.',
    permission: 'read',
    query: {
      software_packages: {
        ...filter('Comma delimited.', 'asr9k-px-5.3.3.CSCuz05961.pie,asr9k-mini-px.pie-5.3.3'),
        required: true,
      },
    },
    answers: {
      200: answer('The list.', listOf('software_list', OptimizedSoftware)),
      400: failure('The list is missing or empty.', "Missing parameter: 'software_packages'."),
    },
  },
  {
    method: 'post',
    path: `${base}/import`,
    id: 'importCatalog',
    tag: 'Catalog',
    summary: 'Import the feed now',
    description:
      'One import runs at a time. The same source while it is being imported answers the import that runs.',
    permission: 'catalog.import',
    body: {
      description: 'Without `source`: what is imported daily.',
      schema: Type.Object(
        {
          source: Type.Optional(
            text('A directory below `CATALOG_FEED_DIR`, or an HTTP(S) base.', 'catalog', {
              maxLength: 1_000,
            }),
          ),
        },
        { additionalProperties: false },
      ),
      required: true,
      examples: {
        directory: { source: 'catalog' },
        http: { source: 'https://feeds.example.net/xr/' },
      },
    },
    answers: {
      202: {
        description: 'It has begun, or runs already.',
        schema: envelope(
          Type.Object({ status: Type.Literal('SUCCESS'), id: integer('Id of the import.', 3) }),
        ),
        example: { api_response: { status: 'SUCCESS', id: 3 } },
      },
      400: failure(
        'The source is none.',
        "'../etc' is an invalid source: it is no directory below CATALOG_FEED_DIR.",
      ),
      409: failure(
        'Another source is being imported.',
        'Import 3 is in progress. Try again when it has ended.',
      ),
    },
  },
  {
    method: 'get',
    path: `${base}/import/{id}`,
    id: 'getImport',
    tag: 'Catalog',
    summary: 'Progress of an import',
    permission: 'read',
    params: {
      id: {
        description: 'Id of the import.',
        schema: Type.Integer({ minimum: 1 }),
        required: true,
        example: 3,
      },
    },
    answers: {
      200: answer('The import.', envelope(CatalogImport)),
      404: failure('There is no such import.', "Import '3' does not exist in the database."),
    },
  },
]
