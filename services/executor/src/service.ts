// Wiring: the only file of the executor that sees everything.
import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { Value } from '@sinclair/typebox/value'
import type { Bus } from '@slipway/bus'
import {
  type ClaimedJob,
  createError,
  executorEvents,
  inventoryDeliveries,
  schedulerDeliveries,
} from '@slipway/contracts'
import { createRelay, type OutgoingDelivery, outboxStats, pruneInbox } from '@slipway/database'
import { createJumpHosts } from '@slipway/router-session'
import { createKeyring, createSignatures } from '@slipway/secrets'
import { createOpener } from '@slipway/secrets/open'
import {
  createRegistry,
  createReleasers,
  type RunningService,
  type ServiceDeps,
  watchDeliveries,
} from '@slipway/service-kit'
import type { FastifyPluginAsync } from 'fastify'
import type { ActionTimes } from './actions/action.ts'
import type { ExecutorConfig } from './config.ts'
import { createExecutorMetrics } from './executor-metrics.ts'
import { openStore } from './executor-store.ts'
import { createHostContextStore } from './hosts/host-context-store.ts'
import { serveLogs } from './logs/log-handlers.ts'
import { createLogIndexStore } from './logs/log-index-store.ts'
import { createLogRoutes, withTickets } from './logs/log-routes.ts'
import { createFileLogStore } from './logs/log-store.ts'
import { createLogTickets } from './logs/log-tickets.ts'
import { createNotes, notingResults, notingStores } from './record/notes.ts'
import { serveRecords } from './record/record-handlers.ts'
import { createRecordService } from './record/record-service.ts'
import { createRecordStore } from './record/record-store.ts'
import { createActiveRuns } from './runs/active-runs.ts'
import { type Dispatch, startDispatch } from './runs/dispatch-service.ts'
import { createEventStore } from './runs/event-store.ts'
import { createJournalStore } from './runs/journal-store.ts'
import { startLeaseService } from './runs/lease-service.ts'
import { createResultService } from './runs/result-service.ts'
import type { LeaseTimes, RunResult } from './runs/run.ts'
import { serveRuns } from './runs/run-handlers.ts'
import { createRunService } from './runs/run-service.ts'
import { createRunStore } from './runs/run-store.ts'

/** An executor that runs; it always has the routes of its session logs. */
export interface RunningExecutor extends RunningService {
  routes: FastifyPluginAsync
  /** The same for an HTTP server of its own: they ask for a ticket, as nobody checked the caller before. */
  ticketedRoutes: FastifyPluginAsync
}

/** What an executor is given. */
export interface ExecutorDeps extends ServiceDeps<ExecutorConfig> {
  /** What a run does instead of working on its router: for measuring everything around the work. */
  work?: (job: ClaimedJob) => Promise<RunResult>
}

/** Those who watch a job hear of news at once, and then at most so often. */
const NOTE_EVERY_MS = 250

/** Starts an executor on its migrated database. */
export async function createExecutor(deps: ExecutorDeps): Promise<RunningExecutor> {
  const { bus, clock, config, log, metrics: registry = createRegistry() } = deps
  if (deps.database === undefined) throw new Error('the executor needs a database')
  const releasers = createReleasers({
    onFailure: ({ name, error }) => log.warn({ err: error, name }, 'not released in order'),
  })
  const times = leaseTimes(config)
  const keyring = createKeyring(config.masterKey)
  const tickets = createLogTickets(createSignatures(keyring, 'executor/session-logs'), clock)
  const store = openStore(deps.database, log)
  releasers.push('database', () => store.close())
  const counted = watchDeliveries(registry, 'executor', () => outboxStats(store.db))
  const send = counted<OutgoingDelivery>((delivery) => sendDelivery(bus, delivery))
  const relay = createRelay({ db: store.db, log, send })
  releasers.push('relay', () => relay.stop())

  const notes = createNotes((jobIds) => bus.publish(executorEvents.jobsNoted, { jobIds }), NOTE_EVERY_MS)
  releasers.push('notes', notes.close)
  const logs = createFileLogStore(
    config.logDir,
    (error) => log.error({ err: error }, 'a session log line was lost'),
    notes.note,
  )
  const index = createLogIndexStore(store.db)
  const { runs, events, journal } = notingStores(notes.note, {
    runs: createRunStore(store.db, times),
    events: createEventStore(store.db),
    journal: createJournalStore(store.db),
  })
  const follow = createRecordService({ read: createRecordStore(store.db), logs })
  const active = createActiveRuns(clock, times.marginMs)
  const { concurrency } = config
  const metrics = createExecutorMetrics(registry, { running: active.count, concurrency })
  const jumpHosts = createJumpHosts({ connectTimeoutMs: config.connectTimeout })
  releasers.push('jump hosts', () => jumpHosts.close())
  const results = notingResults(notes.note, createResultService({ store, runs, bus, kick: relay.kick, log }))
  const { work } = deps
  const performRun = createRunService({
    bus,
    opener: createOpener(keyring),
    clock,
    log,
    metrics,
    logs,
    index,
    runs,
    journal,
    events,
    hosts: createHostContextStore(store.db),
    results,
    times: actionTimes(config),
    deviceTimes: {
      connectTimeoutMs: config.connectTimeout,
      loginTimeoutMs: config.loginTimeout,
      commandTimeoutMs: config.commandTimeout,
      retryDelayMs: config.reconnectPause,
    },
    jumpHosts,
    store: { publicUrl: config.publicUrl, lifetimeMs: config.linkLifetime },
    maxAttempts: config.maxAttempts,
    cancelReachMs: config.cancelReach,
  })
  const perform: typeof performRun =
    work === undefined ? performRun : async (run) => results.record(run, await work(run.run.job), {})
  if (config.sole) await runs.expireAll()
  await pruneInbox(store.db)

  const executorId = `${config.name === '' ? hostname() : config.name}-${randomBytes(6).toString('hex')}`
  releasers.push('leases', startLeaseService({ runs: active, store: runs, clock, times, log, metrics }))
  let dispatch: Dispatch | undefined
  const registrations = [
    ...serveRuns(bus, { store, runs, active, logs, dispatch: () => dispatch }),
    ...serveLogs(bus, logs, tickets),
    ...serveRecords(bus, follow),
  ]
  releasers.push('bus', () => Promise.all(registrations.map((registration) => registration.drain())))
  releasers.push('runs', () => handOver(active), config.stopGrace)
  dispatch = startDispatch({
    executorId,
    bus,
    runs: active,
    store: runs,
    clock,
    times,
    concurrency,
    sweepMs: config.sweepInterval,
    log,
    metrics,
    giveBack: results.release,
    perform,
  })
  const { stop } = dispatch
  releasers.push('dispatch', stop)
  return {
    ready: async () => bus.connected && (await store.ping()),
    routes: createLogRoutes(logs),
    ticketedRoutes: withTickets(createLogRoutes(logs), tickets),
    stop: async () => {
      await releasers.release()
    },
  }
}

/** Tells every run to stop at its next safe point and waits until all have. */
async function handOver(active: ReturnType<typeof createActiveRuns>): Promise<void> {
  for (const { control } of active.all()) control.interrupt('handover')
  await Promise.all(active.all().map(({ ended }) => ended))
}

function leaseTimes(config: ExecutorConfig): LeaseTimes {
  return {
    leaseMs: config.lease,
    renewMs: config.leaseRenewal,
    takeOverGraceMs: config.takeOverGrace,
    marginMs: config.leaseMargin,
  }
}

function actionTimes(config: ExecutorConfig): ActionTimes {
  return {
    commandMs: config.commandTimeout,
    captureMs: config.captureTimeout,
    installCommandMs: config.installTimeout,
    operationMs: config.operationTimeout,
    pollMs: config.pollInterval,
    busyMs: config.busyTimeout,
    lookAgainMs: config.lookAgain,
    reloadHoldMs: config.reloadHold,
    reloadStartMs: config.reloadStart,
    reloadMs: config.reloadTimeout,
    nodesMs: config.nodesTimeout,
  }
}

/** Executors deliver results and discoveries; anything else in the outbox would be a fault of this program. */
async function sendDelivery(bus: Bus, { id, subject, payload }: OutgoingDelivery): Promise<void> {
  const result = schedulerDeliveries.recordResults
  if (subject === result.subject && Value.Check(result.payload, payload))
    return bus.deliver(result, id, payload)
  const discovery = inventoryDeliveries.recordDiscovery
  if (subject === discovery.subject && Value.Check(discovery.payload, payload)) {
    return bus.deliver(discovery, id, payload)
  }
  throw createError('BUS_INVALID_PAYLOAD', [subject, 'not a delivery of the executor'])
}
