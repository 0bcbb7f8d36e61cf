// POST /install: validation of every row, then creation. If one row is bad nothing is created, and the rows come
// back with what was submitted. With an Idempotency-Key the first answer is the answer for a day. Source: REST contract, section 5.
import {
  createError,
  type FirstAnswer,
  inventoryMessages,
  type JobCreated,
  type JobInput,
  normalizeName,
  type RequestOf,
  schedulerMessages,
} from '@slipway/contracts'
import type { ApiCall } from '../http/api-route.ts'
import type { Asker, Backend } from '../http/backend.ts'
import { type ApiAnswer, failedRow, failedRowOf, statusOfRows, success } from '../http/envelope.ts'
import { fingerprintOf } from '../http/idempotency-key.ts'
import { attempt, type ParsedRow } from '../rows/bulk.ts'
import { mapInTurns } from '../rows/in-turns.ts'
import { echoOf, type JsonRow } from '../rows/json-row.ts'
import { mentionedNames } from './install-names.ts'
import { finishDraft, type InstallDraft, type KnownNames, readDraft } from './install-rows.ts'
import { createTimeReader } from './times.ts'

/** Answers POST /install. @param now ISO 8601, the one "now" of the request */
export async function submitJobs({ ask }: Backend, call: ApiCall, now: string): Promise<ApiAnswer> {
  const { idempotencyKey: key } = call
  const repeatable = key === undefined ? undefined : { key, fingerprint: fingerprintOf(call.rows) }
  if (repeatable !== undefined) {
    // Before anything is validated: what the rows name may be gone by now.
    const { first } = await ask(call, schedulerMessages.findAnswer, repeatable)
    if (first !== undefined) return render(call, first)
  }
  const names = await mentionedNames(call.rows)
  // The inventory looks them up while the rows are read.
  const [known, drafts] = await Promise.all([
    resolveNames({ ask }, call, names),
    mapInTurns(call.rows, (row) => attempt(row, () => readDraft(row))),
  ])
  const parsed = await validate(drafts, known, now)
  const jobs = parsed.flatMap((entry) => (entry.error === undefined ? [entry.input] : []))
  if (jobs.length < parsed.length) {
    const rows = parsed.map(({ error }) => (error === undefined ? {} : { error }))
    if (repeatable === undefined) return refusal(call, rows)
    return render(call, (await ask(call, schedulerMessages.recordRefusal, { ...repeatable, rows })).first)
  }
  const request = repeatable === undefined ? { rows: jobs } : { rows: jobs, repeatable }
  const { rows, first } = await ask(call, schedulerMessages.createJobs, request)
  return render(call, first ?? { phase: 'creation', rows })
}

/** An answer from the rows of the request and what became of them; the same whenever it is given. */
function render(call: ApiCall, { phase, rows }: FirstAnswer): ApiAnswer {
  return phase === 'validation' ? refusal(call, rows) : creation(call, rows)
}

/** Second half of reading each row; the same action on the same host twice is the later row's failure. */
function validate(
  drafts: readonly ParsedRow<InstallDraft>[],
  known: KnownNames,
  now: string,
): Promise<ParsedRow<JobInput>[]> {
  const seen = new Set<string>()
  const readTime = createTimeReader()
  return mapInTurns(drafts, (entry) => {
    if (entry.error !== undefined) return entry
    const { hostname, action } = entry.input
    const key = `${hostname}\n${action}`
    const isDuplicate = seen.has(key)
    seen.add(key)
    return attempt(entry.row, () => {
      const job = finishDraft(entry.input, known, now, readTime)
      if (isDuplicate) throw createError('SCHEDULER_ROW_DUPLICATE', [hostname, action])
      return job
    })
  })
}

/** One question about all names of a request. Names that nothing can have are not asked about. */
async function resolveNames(
  { ask }: Backend,
  asker: Asker,
  names: RequestOf<typeof inventoryMessages.resolveNames>,
): Promise<KnownNames> {
  if (names.hostnames.length === 0) return { hosts: new Map(), repositories: new Set(), profiles: new Set() }
  const reply = await ask(asker, inventoryMessages.resolveNames, names)
  return {
    hosts: new Map(reply.hosts.map(({ hostname, id }) => [hostname, id])),
    repositories: new Set(reply.repositories),
    profiles: new Set(reply.profiles),
  }
}

/** The list stands under the key of the text and, for the guide's sample of a failure, under `software_list`. */
function bothKeys(rows: readonly unknown[]) {
  return success({ install_job_list: rows, software_list: rows }).body
}

function refusal(call: ApiCall, outcomes: readonly JobCreated[]): ApiAnswer {
  const innocent = failedRow(createError('SCHEDULER_NOT_SUBMITTED'))
  const rows = call.rows.map((row, index) => {
    const error = outcomes[index]?.error
    return { ...row, ...(error === undefined ? innocent : failedRowOf(error)) }
  })
  return { status: 400, body: bothKeys(rows) }
}

function creation(call: ApiCall, created: readonly JobCreated[]): ApiAnswer {
  if (created.length !== call.rows.length) {
    throw createError('INTERNAL_UNEXPECTED', [], new Error('job.create answered another number of rows'))
  }
  const rows = call.rows.map((row, index) => createdRow(row, created[index] ?? {}))
  const status = statusOfRows(rows)
  return { status, body: status === 400 ? bothKeys(rows) : success({ install_job_list: rows }).body }
}

function createdRow(submitted: JsonRow, { id, warning, error }: JobCreated) {
  if (error !== undefined) return { ...submitted, ...failedRowOf(error) }
  const hostname = normalizeName(echoOf(submitted, 'hostname'))
  const answer = { status: 'SUCCESS', id, hostname, install_action: echoOf(submitted, 'install_action') }
  return warning === undefined ? answer : { ...answer, warning }
}
