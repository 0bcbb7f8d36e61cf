// The scheduler's settings: SCHEDULER_*.
import { type Static, Type } from '@sinclair/typebox'
import { Duration } from '@slipway/service-kit'

export const schedulerConfig = Type.Object({
  historyPerHost: Type.Integer({
    minimum: 1,
    maximum: 100_000,
    default: 100,
    description: 'Completed and failed jobs that are kept per host; older ones go with their logs.',
  }),
  runLimit: Type.Integer({
    minimum: 0,
    default: 1_000,
    description: 'Jobs and discoveries that may run at the same time; 0 is no limit.',
  }),
  regionRunLimit: Type.Integer({
    minimum: 0,
    default: 0,
    description: 'Jobs and discoveries that may run at the same time in one region; 0 is no limit.',
  }),
  confirmTimeout: Duration({
    minimum: 1_000,
    default: 15_000,
    description: 'How long an executor may take to confirm a job it claimed before the job is offered again.',
  }),
  sweepInterval: Duration({
    minimum: 500,
    default: 10_000,
    description: 'How often the scheduler looks for unconfirmed and due jobs beyond its exact timer.',
  }),
})
export type SchedulerConfig = Static<typeof schedulerConfig>
