// What other services tell executors: work is ready, a run is not wanted any more, jobs are gone.
import type { Bus, Registration } from '@slipway/bus'
import { executorDeliveries, schedulerEvents } from '@slipway/contracts'
import { recordOnce } from '@slipway/database'
import type { ExecutorStore } from '../executor-store.ts'
import type { LogStore } from '../logs/log-store.ts'
import type { ActiveRuns } from './active-runs.ts'
import type { Dispatch } from './dispatch-service.ts'
import type { RunStore } from './run-store.ts'

export interface RunHandlerDeps {
  store: ExecutorStore
  runs: RunStore
  active: ActiveRuns
  logs: LogStore
  dispatch: () => Pick<Dispatch, 'wake'> | undefined
}

export function serveRuns(
  bus: Pick<Bus, 'receive' | 'subscribe'>,
  { store, runs, active, logs, dispatch }: RunHandlerDeps,
): Registration[] {
  return [
    bus.subscribe(schedulerEvents.workReady, () => dispatch()?.wake()),
    bus.subscribe(schedulerEvents.runRevoked, ({ jobId }) =>
      active.find(jobId)?.control.interrupt('revoked'),
    ),
    bus.receive(executorDeliveries.forgetJobs, async (deliveryId, { jobIds }) => {
      await store.transact(async (tx) => {
        if (await recordOnce(tx, deliveryId)) await runs.forget(tx, jobIds)
      })
      // The rows are gone, so an own run of such a job ends at its next step; then its files can go, too.
      const running = jobIds.flatMap((jobId) => active.find(jobId) ?? [])
      for (const { control, ended, run } of running) {
        control.interrupt('lost')
        void ended.then(() => logs.remove([run.jobId])).catch(() => undefined)
      }
      await logs.remove(jobIds)
    }),
  ]
}
