// What executors are told: work is ready, a run was given back, a run is not wanted any more, jobs are gone.
import type { Bus, Registration } from '@slipway/bus'
import { executorDeliveries, executorEvents, schedulerEvents } from '@slipway/contracts'
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
  dispatch: () => Pick<Dispatch, 'wake' | 'wakeToTakeOver'> | undefined
}

export function serveRuns(
  bus: Pick<Bus, 'receive' | 'subscribe' | 'publish'>,
  { store, runs, active, logs, dispatch }: RunHandlerDeps,
): Registration[] {
  return [
    bus.subscribe(schedulerEvents.workReady, () => dispatch()?.wake()),
    bus.subscribe(executorEvents.runReleased, () => dispatch()?.wakeToTakeOver()),
    bus.subscribe(schedulerEvents.runRevoked, ({ jobId }) =>
      active.find(jobId)?.control.cancel({ by: undefined }),
    ),
    // The delivery comes to one executor, which need not be the one that has the run: the event tells all.
    bus.receive(executorDeliveries.cancelRun, async (deliveryId, wanted) => {
      const news = await store.transact(
        async (tx) => (await recordOnce(tx, deliveryId)) && (await runs.cancel(tx, wanted)),
      )
      const { jobId, submission, requestedBy } = wanted
      if (news) bus.publish(executorEvents.runCancelled, { jobId, submission, requestedBy })
    }),
    bus.subscribe(executorEvents.runCancelled, ({ jobId, submission, requestedBy }) => {
      const own = active.find(jobId)
      if (own?.run.submission === submission) own.control.cancel({ by: requestedBy })
    }),
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
