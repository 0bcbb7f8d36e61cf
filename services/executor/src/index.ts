export { type ExecutorConfig, executorConfig } from './config.ts'
export { executorService } from './definition.ts'
export type { RunningExecutor } from './service.ts'
