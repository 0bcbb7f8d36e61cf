// Wiring: the only file of the scheduler that sees everything.
import { Value } from '@sinclair/typebox/value'
import type { Bus } from '@slipway/bus'
import { createError, type Delivery, executorDeliveries, schedulerEvents } from '@slipway/contracts'
import { createRelay, type OutgoingDelivery, outboxStats } from '@slipway/database'
import {
  createRegistry,
  createReleasers,
  type RunningService,
  type ServiceDeps,
  watchDeliveries,
} from '@slipway/service-kit'
import type { SchedulerConfig } from './config.ts'
import { serveSwitches } from './dispatch/switch-handlers.ts'
import { createSwitchService } from './dispatch/switch-service.ts'
import { serveHosts } from './hosts/host-handlers.ts'
import { createHostService } from './hosts/host-service.ts'
import { lookAhead } from './hosts/place-store.ts'
import { serveIdempotency } from './idempotency/idempotency-handlers.ts'
import { createIdempotency } from './idempotency/idempotency-service.ts'
import { announceJobs, announceRuns } from './jobs/job-announcements.ts'
import { createJobCancellation } from './jobs/job-cancel-service.ts'
import { createJobCreation } from './jobs/job-create-service.ts'
import { createJobDeletion } from './jobs/job-delete-service.ts'
import { serveJobs } from './jobs/job-handlers.ts'
import { createJobLists } from './jobs/job-list-service.ts'
import { createJobResubmission } from './jobs/job-resubmit-service.ts'
import { noteAsk } from './runs/ask-store.ts'
import { createAsks } from './runs/asks.ts'
import { createProgress } from './runs/progress.ts'
import { countQueue } from './runs/queue-store.ts'
import { writeMessages } from './runs/result-store.ts'
import { serveRuns } from './runs/run-handlers.ts'
import { createRunService } from './runs/run-service.ts'
import { createSweep } from './runs/sweep.ts'
import { createWake } from './runs/wake.ts'
import { createSchedulerMetrics } from './scheduler-metrics.ts'
import { openStore } from './scheduler-store.ts'

/** Starts the scheduler on its migrated database. */
export async function createScheduler(deps: ServiceDeps<SchedulerConfig>): Promise<RunningService> {
  const { bus, clock, config, log, metrics: registry = createRegistry() } = deps
  const releasers = createReleasers({
    onFailure: ({ name, error }) => log.warn({ err: error, name }, 'not released in order'),
  })
  if (deps.database === undefined) throw new Error('the scheduler needs a database')
  const store = openStore(deps.database, log)
  releasers.push('database', () => store.close())

  const counted = watchDeliveries(registry, 'scheduler', () => outboxStats(store.db))
  const send = counted<OutgoingDelivery>((delivery) => sendDelivery(bus, delivery))
  const relay = createRelay({ db: store.db, log, send })
  releasers.push('relay', () => relay.stop())
  const wake = createWake({
    lookAhead: (now) => lookAhead(store.db, now),
    announce: () => bus.publish(schedulerEvents.workReady, {}),
    clock,
    log,
  })
  releasers.push('wake', () => wake.stop())
  const changed = () => {
    wake.check()
    relay.kick()
  }

  const limits = { running: config.runLimit, runningPerRegion: config.regionRunLimit }
  const metrics = createSchedulerMetrics(registry, {
    readQueue: (now) => countQueue(store.db, now),
    now: () => clock.now(),
    limits,
  })
  const hosts = createHostService({
    store,
    clock,
    log,
    changed,
    revoke: (jobId) => bus.publish(schedulerEvents.runRevoked, { jobId }),
  })
  const runs = createRunService({
    store,
    asks: createAsks({ note: (executorId, now) => noteAsk(store.db, executorId, now), clock }),
    clock,
    limits,
    changed,
    freed: () => wake.check(),
    confirmTimeoutMs: config.confirmTimeout,
    historyPerHost: config.historyPerHost,
    metrics,
    log,
  })
  const progress = createProgress({ write: (messages) => writeMessages(store.db, messages), log })
  releasers.push('progress', () => progress.stop())
  const idempotency = createIdempotency({ store, clock })
  const tidy = async () => {
    await hosts.tidy()
    await idempotency.tidy()
  }
  const sweep = createSweep({ runs, hosts: { tidy }, wake, everyMs: config.sweepInterval, log })
  releasers.push('sweep', () => sweep.stop())

  const announce = (jobIds: number[]) => {
    if (jobIds.length > 0) bus.publish(schedulerEvents.jobsChanged, { jobIds })
  }
  const changes = announceJobs(announce, {
    deleteJobs: createJobDeletion({ store, changed }),
    resubmitJob: createJobResubmission({ store, clock, changed, metrics, log }),
    cancelJob: createJobCancellation({
      store,
      clock,
      changed,
      historyPerHost: config.historyPerHost,
      metrics,
      log,
    }),
  })
  const registrations = [
    ...serveJobs(bus, {
      ...changes,
      createJobs: createJobCreation({ store, clock, changed, metrics, log }),
      lists: createJobLists({ store, clock, limits }),
    }),
    ...serveIdempotency(bus, idempotency),
    ...serveRuns(bus, announceRuns(announce, runs), progress),
    ...serveHosts(bus, hosts),
    ...serveSwitches(bus, createSwitchService({ store, clock, changed, log })),
  ]
  releasers.push('bus', () => Promise.all(registrations.map((registration) => registration.drain())))
  changed()
  return {
    ready: async () => bus.connected && (await store.ping()),
    stop: async () => {
      await releasers.release()
    },
  }
}

/** The deliveries the scheduler sends; anything else in the outbox would be a fault of this program. */
async function sendDelivery(bus: Bus, { id, subject, payload }: OutgoingDelivery): Promise<void> {
  for (const delivery of [executorDeliveries.forgetJobs, executorDeliveries.cancelRun]) {
    if (subject !== delivery.subject || !Value.Check(delivery.payload, payload)) continue
    await bus.deliver(delivery as Delivery, id, payload)
    return
  }
  throw createError('BUS_INVALID_PAYLOAD', [subject, 'not a delivery of the scheduler'])
}
