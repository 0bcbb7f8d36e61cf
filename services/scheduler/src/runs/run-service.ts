// Use cases of executors: claim due jobs, confirm them, report how they ended.
import { createError, type ReplyOf, type schedulerMessages } from '@slipway/contracts'
import { isDataError } from '@slipway/database'
import { type Clock, createBatcher, type Logger } from '@slipway/service-kit'
import { lockHosts, lookAhead, refreshHosts } from '../hosts/host-store.ts'
import type { SchedulerMetrics } from '../scheduler-metrics.ts'
import type { Db, SchedulerStore } from '../scheduler-store.ts'
import type { Asks } from './asks.ts'
import { lockClaims, readClaimed, takeDue } from './claim-store.ts'
import { confirmClaims, hostsOfExpired, offerAgain } from './confirm-store.ts'
import { hostsOfJobs, writeResults } from './result-store.ts'
import { type Claim, type Confirmation, cleanResult, type Limits, type RunResult } from './run.ts'
import { settle } from './settle.ts'

const LONGEST_REST_MS = 60_000
/** Confirmations or results that share a transaction at most. */
const BATCH = 100

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
  metrics: Pick<SchedulerMetrics, 'started' | 'ended' | 'offeredAgain'>
  log: Logger
}

export interface RunService {
  /** Due jobs for an executor, at most one per host; the same ones again for the same request id. */
  claim(claim: Claim): Promise<ReplyOf<typeof schedulerMessages.claimRuns>>
  /** The executor has the run on record. Error: SCHEDULER_RUN_GONE if the job is not (or no longer) his. */
  confirm(confirmation: Confirmation): Promise<void>
  /** A run ended. */
  recordResult(result: RunResult): Promise<void>
  /** Offers jobs again whose claim nobody confirmed in time. */
  sweep(): Promise<void>
}

export function createRunService(deps: RunServiceDeps): RunService {
  const { store, clock, changed, log } = deps
  const confirmations = createBatcher<Confirmation, boolean>({
    limit: BATCH,
    run: (batch) => confirmBatch(deps, batch),
    isolates: isDataError,
  })
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
        const repeated = await readClaimed(tx, claim)
        if (repeated.length > 0) return { jobs: repeated, nextDueInMs: 0, expired: 0 }
        const ended = await endExpired(tx, claimedBefore())
        const now = clock.now()
        const jobs = await takeDue(tx, claim, deps.limits, now)
        const next = await nextDueInMs(tx, now, jobs.length === claim.free)
        return { jobs, nextDueInMs: next, expired: ended }
      })
      tellExpired(deps, expired)
      for (const { jobId, hostname, requestId } of answer.jobs) {
        log.info({ requestId, jobId, hostname, executor: claim.executorId }, 'a job is handed out')
      }
      return answer
    },
    async confirm(confirmation) {
      if (await confirmations.add(confirmation)) return
      throw createError('SCHEDULER_RUN_GONE', [confirmation.jobId])
    },
    async recordResult(result) {
      await results.add(cleanResult(result))
      changed()
    },
    async sweep() {
      if ((await hostsOfExpired(store.db, claimedBefore())).length === 0) return
      const expired = await store.transact(async (tx) => {
        await lockClaims(tx)
        return endExpired(tx, claimedBefore())
      })
      tellExpired(deps, expired)
      changed()
    },
  }
}

/** @param full all places were filled, so what is due still waits for the executor's next question */
async function nextDueInMs(tx: Db, now: Date, full: boolean): Promise<number> {
  const { dueNow, nextDue } = await lookAhead(tx, now)
  // What is due and was not taken although there were places waits for a limit, or for a host that somebody
  // changes at this moment: work is announced when that ends.
  if (full && dueNow) return 0
  const dueInMs = nextDue === undefined ? LONGEST_REST_MS : nextDue.getTime() - now.getTime()
  return Math.min(dueInMs, LONGEST_REST_MS)
}

/** @returns how many claims had expired */
async function endExpired(tx: Db, claimedBefore: Date): Promise<number> {
  const hostIds = await hostsOfExpired(tx, claimedBefore)
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
  batch: Confirmation[],
): Promise<boolean[]> {
  const key = ({ jobId, submission, executorId }: Confirmation) => `${jobId} ${submission} ${executorId}`
  const now = clock.now()
  const confirmed = await confirmClaims(store.db, batch, now)
  for (const { startable } of confirmed) {
    if (startable !== undefined) metrics.started((now.getTime() - startable.getTime()) / 1_000)
  }
  const standing = new Set(confirmed.map(key))
  return batch.map((confirmation) => standing.has(key(confirmation)))
}

async function recordBatch(deps: RunServiceDeps, batch: RunResult[]): Promise<undefined[]> {
  const ended = await deps.store.transact(async (tx) => {
    const hostIds = await hostsOfJobs(
      tx,
      batch.map(({ jobId }) => jobId),
    )
    if (hostIds.length === 0) return []
    await lockHosts(tx, hostIds)
    const written = await writeResults(tx, batch)
    if (written.length > 0) await settle(tx, written, deps.historyPerHost)
    return written
  })
  for (const { id, action, outcome, requestId } of ended) {
    deps.metrics.ended(action, outcome)
    deps.log.info({ requestId, jobId: id, action: action ?? 'Discovery', outcome }, 'a job ended')
  }
  return batch.map(() => undefined)
}
