import { fileURLToPath } from 'node:url'
import type { ServiceDefinition } from '@slipway/service-kit'
import { executorConfig } from './config.ts'
import { createExecutor } from './service.ts'

/** The executor: claims runs, works on routers, keeps journals and session logs. */
export const executorService = {
  name: 'executor',
  configSchema: executorConfig,
  databaseFolder: fileURLToPath(new URL('..', import.meta.url)),
  create: createExecutor,
} satisfies ServiceDefinition<typeof executorConfig>
