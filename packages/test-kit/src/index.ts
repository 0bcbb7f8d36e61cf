export { type DatabaseOptions, database, postgres, type TestDatabase } from './databases.ts'
export { hostilePaths } from './hostile-paths.ts'
export { assertNoLeaks, mustCall } from './leaks.ts'
export {
  findNatsServer,
  haveNatsServer,
  type NatsServer,
  type NatsServerOptions,
  natsServer,
} from './nats-server.ts'
export { havePrograms } from './programs.ts'
export { freePort, tempDir } from './resources.ts'
export type { Teardown } from './teardown.ts'
export { startTestPostgres, type TestServer } from './test-server.ts'
export { type UntilOptions, until } from './until.ts'
