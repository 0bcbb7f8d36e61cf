// Jobs that are gone: executors forget their runs and logs, told by delivery in the transaction that removed them.
import { executorDeliveries } from '@slipway/contracts'
import { enqueueMany } from '@slipway/database'
import type { Db } from './scheduler-store.ts'

const JOBS_PER_DELIVERY = 5_000

/** Has executors forget jobs, once this transaction is committed. */
export async function forgetJobs(tx: Db, jobIds: readonly number[]): Promise<void> {
  const { subject } = executorDeliveries.forgetJobs
  const deliveries = []
  for (let start = 0; start < jobIds.length; start += JOBS_PER_DELIVERY) {
    deliveries.push({ subject, payload: { jobIds: jobIds.slice(start, start + JOBS_PER_DELIVERY) } })
  }
  await enqueueMany(tx, deliveries)
}
