export { type SchedulerConfig, schedulerConfig } from './config.ts'
export { schedulerService } from './definition.ts'
