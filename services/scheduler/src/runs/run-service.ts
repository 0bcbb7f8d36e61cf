// Use cases of executors: claim due jobs, confirm them, report how they ended.
import {
  createError,
  type ErrorBody,
  type ReplyOf,
  type RunConfirmation,
  type RunResult,
  type schedulerMessages,
  toErrorBody,
} from '@slipway/contracts'
import { isDataError } from '@slipway/database'
import { type Clock, createBatcher, type Logger } from '@slipway/service-kit'
import { lockHosts } from '../hosts/host-store.ts'
import { lookAhead, refreshHosts } from '../hosts/place-store.ts'
import type { SchedulerMetrics } from '../scheduler-metrics.ts'
import type { Db, SchedulerStore } from '../scheduler-store.ts'
import type { Asks } from './asks.ts'
import { lockClaims, readClaimed, readStanding, takeDue } from './claim-store.ts'
import { confirmClaims, hostsOfExpired, offerAgain } from './confirm-store.ts'
import { writeResults } from './result-store.ts'
import { type Claim, cleanResult, type Limits } from './run.ts'
import { settle } from './settle.ts'

const LONGEST_REST_MS = 60_000
/** Results that share a transaction at most. */
const BATCH = 250

export interface RunServiceDeps {
  store: SchedulerStore
  asks: Asks
  clock: Clock
  limits: Limits
  /** How long a claim may stay unconfirmed. */
  confirmTimeoutMs: number
  /** Finished jobs kept per host. */
  historyPerHost: number
  /** Jobs changed: look whether work is due, and send what is to be delivered. */
  changed: () => void
  /** Hosts are free: look whether work is due; nothing is to be delivered. */
  freed: () => void
  metrics: Pick<SchedulerMetrics, 'started' | 'ended' | 'offeredAgain'>
  log: Logger
}

export interface RunService {
  /** Due jobs for an executor, at most one per host; the same ones again for the same request id. */
  claim(claim: Claim): Promise<ReplyOf<typeof schedulerMessages.claimRuns>>
  /** Executors have these runs on record. Error of a row: SCHEDULER_RUN_GONE if the job is not (or no longer) his. */
  confirm(confirmations: readonly RunConfirmation[]): Promise<{ error?: ErrorBody }[]>
  /** Runs ended. */
  recordResults(results: readonly RunResult[]): Promise<void>
  /** Offers jobs again whose claim nobody confirmed in time. */
  sweep(): Promise<void>
}

export function createRunService(deps: RunServiceDeps): RunService {
  const { store, clock, changed, log } = deps
  const results = createBatcher<RunResult, undefined>({
    limit: BATCH,
    run: (batch) => recordBatch(deps, batch),
    isolates: isDataError,
  })
  const claimedBefore = () => new Date(clock.now().getTime() - deps.confirmTimeoutMs)
  return {
    async claim(claim) {
      await deps.asks.heard(claim.executorId)
      const { expired, ...answer } = await store.transact(async (tx) => {
        await lockClaims(tx)
        const standing = await readStanding(tx, claim, claimedBefore())
        if (standing.repeated > 0) return { jobs: await readClaimed(tx, claim), nextDueInMs: 0, expired: 0 }
        const ended = await endExpired(tx, standing.expired, claimedBefore())
        const now = clock.now()
        const jobs = await takeDue(tx, claim, deps.limits, now)
        const next = jobs.length === claim.free ? 0 : await nextDueInMs(tx, now)
        return { jobs, nextDueInMs: next, expired: ended }
      })
      tellExpired(deps, expired)
      for (const { jobId, hostname, requestId } of answer.jobs) {
        log.info({ requestId, jobId, hostname, executor: claim.executorId }, 'a job is handed out')
      }
      return answer
    },
    confirm: (confirmations) => confirmBatch(deps, confirmations),
    async recordResults(ended) {
      await Promise.all(ended.map((result) => results.add(cleanResult(result))))
    },
    async sweep() {
      if ((await hostsOfExpired(store.db, claimedBefore())).length === 0) return
      const expired = await store.transact(async (tx) => {
        await lockClaims(tx)
        return endExpired(tx, await hostsOfExpired(tx, claimedBefore()), claimedBefore())
      })
      tellExpired(deps, expired)
      changed()
    },
  }
}

/**
 * For an answer with places left. What is due and was not taken all the same waits for a limit, or for a host that
 * somebody changes at this moment: work is announced when that ends.
 */
async function nextDueInMs(tx: Db, now: Date): Promise<number> {
  const { nextDue } = await lookAhead(tx, now)
  const dueInMs = nextDue === undefined ? LONGEST_REST_MS : nextDue.getTime() - now.getTime()
  return Math.min(dueInMs, LONGEST_REST_MS)
}

/** @returns how many claims had expired */
async function endExpired(tx: Db, hostIds: readonly string[], claimedBefore: Date): Promise<number> {
  if (hostIds.length === 0) return 0
  await lockHosts(tx, hostIds)
  const expired = await offerAgain(tx, hostIds, claimedBefore)
  await refreshHosts(tx, hostIds)
  return expired
}

function tellExpired({ metrics, log }: RunServiceDeps, expired: number): void {
  if (expired === 0) return
  metrics.offeredAgain(expired)
  log.warn({ jobs: expired }, 'claims were not confirmed in time; their jobs are offered again')
}

async function confirmBatch(
  { store, clock, metrics }: RunServiceDeps,
  batch: readonly RunConfirmation[],
): Promise<{ error?: ErrorBody }[]> {
  const key = ({ jobId, submission, executorId }: RunConfirmation) => `${jobId} ${submission} ${executorId}`
  const now = clock.now()
  const confirmed = await confirmClaims(store.db, batch, now)
  for (const { startable } of confirmed) {
    if (startable !== null) metrics.started((now.getTime() - Date.parse(startable)) / 1_000)
  }
  const standing = new Set(confirmed.map(key))
  return batch.map((confirmation) =>
    standing.has(key(confirmation))
      ? {}
      : { error: toErrorBody(createError('SCHEDULER_RUN_GONE', [confirmation.jobId])) },
  )
}

async function recordBatch(deps: RunServiceDeps, batch: RunResult[]): Promise<undefined[]> {
  const { ended, forgotten } = await deps.store.transact(async (tx) => {
    const written = await writeResults(tx, batch)
    const told = written.length > 0 && (await settle(tx, written, deps.historyPerHost))
    return { ended: written, forgotten: told }
  })
  if (forgotten) deps.changed()
  else deps.freed()
  for (const { id, action, outcome, requestId } of ended) {
    deps.metrics.ended(action, outcome)
    deps.log.info({ requestId, jobId: id, action: action ?? 'Discovery', outcome }, 'a job ended')
  }
  return batch.map(() => undefined)
}
