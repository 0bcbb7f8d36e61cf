// What follows from the end of runs: dependents go on, hosts are free, old history goes.
import { forgetJobs } from '../forget-store.ts'
import { refreshHosts } from '../hosts/place-store.ts'
import type { Db } from '../scheduler-store.ts'
import { deleteJobs, freeDependents, trimHistory } from './result-store.ts'
import type { EndedRun } from './run.ts'

/**
 * Settles runs that ended, in the transaction that ended them. @param historyPerHost finished jobs kept per host
 * @returns whether executors are told to forget jobs
 */
export async function settle(tx: Db, ended: readonly EndedRun[], historyPerHost: number): Promise<boolean> {
  const idsOf = (wanted: (run: EndedRun) => boolean) => ended.filter(wanted).map(({ id }) => id)
  const completed = idsOf(({ kind, outcome }) => kind === 'install' && outcome === 'completed')
  if (completed.length > 0) await freeDependents(tx, completed)
  const discoveries = idsOf(({ kind }) => kind === 'inventory')
  if (discoveries.length > 0) await deleteJobs(tx, discoveries)
  const hostIds = [...new Set(ended.map(({ hostId }) => hostId))]
  const trimmed = await trimHistory(tx, hostIds, historyPerHost)
  const gone = [...discoveries, ...trimmed]
  await forgetJobs(tx, gone)
  await refreshHosts(tx, hostIds)
  return gone.length > 0
}
