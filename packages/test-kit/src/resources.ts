import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Teardown } from './teardown.ts'

/** A TCP port of 127.0.0.1 that was free a moment ago. Prefer to listen on port 0 where the code allows it. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no port was given')
  return address.port
}

/** An empty directory that goes with the test. */
export async function tempDir(t: Teardown): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'slipway-test-'))
  t.teardown(() => rm(directory, { recursive: true, force: true }))
  return directory
}
