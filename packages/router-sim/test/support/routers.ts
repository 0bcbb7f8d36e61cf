/** Routers and repositories of the tests, stopped with the test. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import {
  createFtpRepository,
  createRouter,
  createSftpRepository,
  type Family,
  type Operation,
  type RouterOptions,
  type SimulatedRouter,
  writeDemoPackages,
} from '../../src/index.ts'

/** A started router and where it listens. */
export interface Started {
  readonly router: SimulatedRouter
  readonly port: number
}

/** Starts a router with user `root`, password `lab`, hostname `edge1`. */
export async function startRouter(
  t: Test,
  family: Family,
  protocol: 'telnet' | 'ssh' = 'telnet',
  options: Partial<RouterOptions> = {},
): Promise<Started> {
  const router = createRouter({
    name: 'edge1',
    hostname: 'edge1',
    family,
    protocol,
    user: 'root',
    password: 'lab',
    ...options,
    timing: { operationMs: 40, reloadDelayMs: 20, reloadMs: 80, settleMs: 0, ...options.timing },
  })
  t.teardown(() => router.stop())
  const { port } = await router.start()
  return { router, port }
}

/** Starts a repository with the demo packages of the families. */
export async function startRepository(t: Test, families: Family[], type: 'sftp' | 'ftp' = 'sftp') {
  const root = await mkdtemp(join(tmpdir(), 'router-sim-test-'))
  t.teardown(() => rm(root, { recursive: true, force: true }))
  const packages = await writeDemoPackages(root, families)
  const create = type === 'sftp' ? createSftpRepository : createFtpRepository
  const repository = create({ root, user: 'lab', password: 'pa:ss@1' })
  t.teardown(() => repository.stop())
  const { port } = await repository.start()
  return { root, repository, packages, port, host: `127.0.0.1:${port}` }
}

/** The next operation that ends on a router. Ask before sending the command. */
export function nextEnd(router: SimulatedRouter): Promise<Operation> {
  return new Promise((resolve) => {
    const listener = (operation: Operation) => {
      if (operation.state === 'running') return
      router.off('operation', listener)
      resolve(operation)
    }
    router.on('operation', listener)
  })
}

/** The next time a router's port opens. Ask before what makes it reload. */
export function nextUp(router: SimulatedRouter): Promise<void> {
  return new Promise((resolve) => {
    router.once('up', () => resolve())
  })
}
