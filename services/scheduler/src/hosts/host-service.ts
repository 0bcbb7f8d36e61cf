// Use cases around hosts: what the inventory tells of them, and their release.
import { createError } from '@slipway/contracts'
import { isDataError, type Log, pruneInbox } from '@slipway/database'
import { type Clock, createBatcher } from '@slipway/service-kit'
import { forgetJobs } from '../forget-store.ts'
import { forgetAsks } from '../runs/ask-store.ts'
import { type SchedulerStore, toJobId } from '../scheduler-store.ts'
import { type HostsRecord, newestRecords } from './host.ts'
import {
  addDiscoveries,
  ensureHosts,
  hasRunningInstall,
  lockHosts,
  purgeReleased,
  recordDeliveries,
  recordHosts,
  releaseHostRow,
} from './host-store.ts'
import { findDrifted, refreshHosts } from './place-store.ts'

/** Hosts whose news share a transaction, unless one delivery has more: their locks keep others waiting. */
const BATCH = 500
/** A delivery that speaks of a released host cannot be under way for longer. */
const REMEMBER_RELEASED_MS = 30 * 24 * 60 * 60 * 1_000
/** An executor that has not asked for work for so long is another one when it comes back. */
const REMEMBER_ASKS_MS = 24 * 60 * 60 * 1_000

export interface HostServiceDeps {
  store: SchedulerStore
  clock: Clock
  log: Log
  /** A run is no longer wanted: executors are told (a hint). */
  revoke: (jobId: number) => void
  /** Jobs changed: look whether work is due, and send what is to be delivered. */
  changed: () => void
}

export interface HostService {
  /** Hosts and their regions, by version; discoveries where they are asked for and none waits. By delivery id once. */
  record(deliveryId: string, news: HostsRecord): Promise<void>
  /** Deletes all jobs of a host for good; idempotent. Error: SCHEDULER_HOST_BUSY. */
  release(hostId: string): Promise<void>
  /** Forgets released hosts, recorded deliveries and executors that are gone after their time; puts right what changed by hand. */
  tidy(): Promise<void>
}

interface Delivered {
  deliveryId: string
  news: HostsRecord
}

export function createHostService(deps: HostServiceDeps): HostService {
  const { store, clock, changed, log } = deps
  const deliveries = createBatcher<Delivered, undefined>({
    limit: BATCH,
    sizeOf: ({ news }) => news.hosts.length,
    run: (batch) => recordBatch(deps, batch),
    isolates: isDataError,
  })
  return {
    async record(deliveryId, news) {
      await deliveries.add({ deliveryId, news })
      changed()
    },
    async release(hostId) {
      for (const jobId of await releaseOne(deps, hostId)) deps.revoke(jobId)
      changed()
    },
    async tidy() {
      await purgeReleased(store.db, new Date(clock.now().getTime() - REMEMBER_RELEASED_MS))
      await pruneInbox(store.db)
      await forgetAsks(store.db, new Date(clock.now().getTime() - REMEMBER_ASKS_MS))
      const drifted = await findDrifted(store.db)
      if (drifted.length === 0) return
      log.warn({ hosts: drifted.length }, 'the next jobs of hosts were not named rightly and are named anew')
      await store.transact(async (tx) => {
        await lockHosts(tx, drifted)
        await refreshHosts(tx, drifted)
      }, 'bulk')
    },
  }
}

async function recordBatch({ store, clock }: HostServiceDeps, batch: Delivered[]): Promise<undefined[]> {
  await store.transact(async (tx) => {
    const fresh = await recordDeliveries(
      tx,
      batch.map(({ deliveryId }) => deliveryId),
    )
    const records = newestRecords(
      batch.flatMap(({ deliveryId, news: { hosts, requestId } }) =>
        fresh.has(deliveryId) ? hosts.map((host) => ({ ...host, requestId })) : [],
      ),
    )
    if (records.length === 0) return
    // Also locks the hosts.
    await recordHosts(tx, records)
    const toDiscover = records.filter(({ discover }) => discover)
    if (toDiscover.length === 0) return
    await addDiscoveries(tx, toDiscover, clock.now())
    await refreshHosts(
      tx,
      toDiscover.map(({ hostId }) => hostId),
    )
  })
  return batch.map(() => undefined)
}

/** @returns runs that are under way and no longer wanted */
function releaseOne({ store, clock }: HostServiceDeps, hostId: string): Promise<number[]> {
  return store.transact(async (tx) => {
    // Also a host that was never heard of: its record may still be on the way and must find it released.
    await ensureHosts(tx, new Map([[hostId, '']]))
    await lockHosts(tx, [hostId])
    if (await hasRunningInstall(tx, hostId)) throw createError('SCHEDULER_HOST_BUSY')
    const jobs = await releaseHostRow(tx, hostId, clock.now())
    await forgetJobs(
      tx,
      jobs.map(({ id }) => toJobId(id)),
    )
    return jobs.filter(({ running }) => running).map(({ id }) => toJobId(id))
  })
}
