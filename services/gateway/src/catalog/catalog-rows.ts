// Software as the API guide writes it. Source: API guide, section 1.2; REST contract, sections 6 and 8.
import type { ImportProblem, ImportRow, SoftwareDetail, SoftwareRow } from '@slipway/contracts'
import { rfc1123 } from '../http/time-text.ts'

/** A row of GET /cco/software. */
export function renderSoftware(row: SoftwareRow) {
  return {
    id: row.id,
    name: row.name,
    status: row.status,
    type: row.type,
    posted_date: row.postedDate,
    ddts: row.ddts,
    description: row.description,
    functional_areas: row.functionalAreas,
    impact: row.impact,
    package_bundles: row.packageBundles,
    compressed_image_size: row.compressedImageSize,
    uncompressed_image_size: row.uncompressedImageSize,
    prerequisites: row.prerequisites,
    supersedes: row.supersedes,
    superseded_by: row.supersededBy,
    composite_DDTS: row.compositeDdts,
  }
}

/** What GET /cco/software/<name_or_id> answers. */
export function renderDetail(row: SoftwareDetail) {
  return {
    ...renderSoftware(row),
    prerequisites_smu_ids: row.prerequisitesIds,
    supersedes_smu_ids: row.supersedesIds,
    superseded_by_smu_ids: row.supersededByIds,
  }
}

/** What GET /cco/import/<id> answers. */
export function renderImport(row: ImportRow) {
  const { files, entries } = row
  return {
    id: row.id,
    source: row.source,
    status: row.state,
    status_message: row.message,
    created_by: row.requestedBy,
    start_time: rfc1123(row.startedAt),
    finish_time: rfc1123(row.finishedAt),
    files_listed: files.listed,
    files_done: files.done,
    files_imported: files.imported,
    files_unchanged: files.unchanged,
    files_failed: files.failed,
    entries_new: entries.added,
    entries_changed: entries.changed,
    entries_removed: entries.removed,
    entries_unchanged: entries.unchanged,
    entries_skipped: entries.skipped,
    skipped_list: row.skipped.map(renderProblem),
    failed_file_list: row.failedFiles.map(renderProblem),
  }
}

function renderProblem({ file, line, reason }: ImportProblem) {
  return { file, line: line ?? '', reason }
}
