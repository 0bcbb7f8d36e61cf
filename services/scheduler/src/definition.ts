import { fileURLToPath } from 'node:url'
import type { ServiceDefinition } from '@slipway/service-kit'
import { schedulerConfig } from './config.ts'
import { createScheduler } from './service.ts'

/** The scheduler: jobs, their dependencies, and their dispatch to executors. */
export const schedulerService: ServiceDefinition<typeof schedulerConfig> = {
  name: 'scheduler',
  configSchema: schedulerConfig,
  databaseFolder: fileURLToPath(new URL('..', import.meta.url)),
  create: createScheduler,
}
