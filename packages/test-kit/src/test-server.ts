// A PostgreSQL for tests: fast, because it may lose everything, and gone when its process is gone.

import { rmSync } from 'node:fs'
import { chmod, mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '@slipway/database'

/** PostgreSQL may still be writing for a moment. */
const REMOVAL = { recursive: true, force: true, maxRetries: 20, retryDelay: 50 }
/** `slipway-pg-4711-a1b2c3`: the process that started it */
const DIRECTORY_NAME = /^slipway-pg-(\d+)-/

export interface TestServer {
  /** A URL of the maintenance database; pass it on as SLIPWAY_TEST_DATABASE_URL. */
  readonly url: string
  stop(): Promise<void>
}

/** Starts a server for a whole run: the test runner does, so that the files share it. Also ends with the process. */
export async function startTestPostgres(): Promise<TestServer> {
  await removeLeftovers()
  const directory = await mkdtemp(join(tmpdir(), `slipway-pg-${process.pid}-`))
  // Made for this user alone; as root, PostgreSQL runs as another one, who must get through to his own directory.
  await chmod(directory, 0o711)
  const server = await startEmbeddedPostgres({
    dataDir: join(directory, 'pg'),
    durable: false,
  })
  const onExit = (): void => endNow(server, directory)
  process.once('exit', onExit)
  return {
    url: server.url('postgres'),
    stop: async () => {
      process.removeListener('exit', onExit)
      await server.stop()
      await removeBoth(server.home, directory)
    },
  }
}

/** The database may stand elsewhere, see placement in packages/database. */
async function removeBoth(home: string, directory: string): Promise<void> {
  await rm(home, { recursive: true, force: true })
  await rm(directory, { recursive: true, force: true })
}

/** On exit nothing can be awaited: PostgreSQL ends at once on SIGQUIT, and its files are of no use to anybody. */
function endNow(server: EmbeddedPostgres, directory: string): void {
  try {
    process.kill(server.pid, 'SIGQUIT')
  } catch {
    // It has ended before us.
  }
  for (const path of [server.home, directory]) rmSync(path, REMOVAL)
}

/** What test processes that were killed left running. */
async function removeLeftovers(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const starter = Number(DIRECTORY_NAME.exec(name)?.[1] ?? Number.NaN)
    if (Number.isNaN(starter) || isAlive(starter)) continue
    const directory = join(tmpdir(), name)
    const pidFile = await readFile(join(directory, 'pg', 'pgdata', 'postmaster.pid'), 'utf8').catch(() => '')
    const [pid = '', data = ''] = pidFile.split('\n')
    // Only if it is at work there: the process id may be somebody else's by now.
    const at = await readlink(`/proc/${pid}/cwd`).catch(() => '')
    if (at === data && at.startsWith(directory)) process.kill(Number(pid), 'SIGQUIT')
    await rm(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 }).catch(
      () => undefined,
    )
  }
}

function isAlive(pid: number): boolean {
  if (!(pid > 0)) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
