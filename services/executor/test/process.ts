// An executor in a process of its own, as in a cluster, that the test can suspend and kill.
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { type Teardown, until } from '@slipway/test-kit'
import { type Bench, quick } from './harness.ts'
import type { Cord } from './mortal.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const main = fileURLToPath(new URL('../src/main.ts', import.meta.url))

export interface ExecutorProcess {
  /** Its way to the database. */
  readonly cord: Cord
  readonly child: ChildProcess
  readonly lines: Record<string, unknown>[]
  /** The line of its log with this message, of this job; waited for. */
  said(text: string, jobId?: number): Promise<Record<string, unknown>>
}

interface Place {
  readonly name: string
  /** URL of NATS. */
  readonly nats: string
  readonly env?: Readonly<Record<string, string>>
}

/** Starts an executor and waits until it is ready. */
export async function startProcess(
  t: Teardown,
  b: Bench,
  { name, nats, env: own }: Place,
): Promise<ExecutorProcess> {
  const { cord, connection: database } = await b.stretchToDatabase()
  const env = {
    ...quick,
    EXECUTOR_SOLE: 'false',
    EXECUTOR_NAME: name,
    EXECUTOR_PORT: '0',
    EXECUTOR_DATABASE_URL: `postgresql://${database.user}@127.0.0.1:${database.port}/${database.database}`,
    NATS_URL: nats,
    SLIPWAY_LOG_DIR: b.logDir,
    ...own,
  }
  const child = spawn(process.execPath, ['--import=tsx', '--conditions=slipway-source', main], {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines: Record<string, unknown>[] = []
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(JSON.parse(line)))
  const ended = new Promise((resolve) => child.once('exit', resolve))
  t.teardown(async () => {
    child.kill('SIGKILL')
    await ended
  })
  const isSaid = (text: string, jobId?: number) => (line: Record<string, unknown>) =>
    line['msg'] === text && (jobId === undefined || line['jobId'] === jobId)
  const said = (text: string, jobId?: number) =>
    until(() => lines.find(isSaid(text, jobId)), { message: text, timeoutMs: 60_000 })
  await said('ready')
  return { cord, child, lines, said }
}
