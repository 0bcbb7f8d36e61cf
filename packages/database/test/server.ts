// One embedded server for a test file; test-kit cannot be used here, it is built on this package.
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../src/index.ts'

/** A server for all tests of `t`. */
export async function testServer(t: Test): Promise<EmbeddedPostgres> {
  const directory = await mkdtemp(join(tmpdir(), 'slipway-test-'))
  const server = await startEmbeddedPostgres({ dataDir: directory, durable: false })
  t.teardown(async () => {
    await server.stop()
    await rm(server.home, { recursive: true, force: true })
    await rm(directory, { recursive: true, force: true })
  })
  return server
}

/** URL of a new, empty database. */
export async function emptyDatabase(server: EmbeddedPostgres): Promise<string> {
  const name = `test_${randomBytes(6).toString('hex')}`
  await server.ensureDatabase(name)
  return server.url(name)
}
