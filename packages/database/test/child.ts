import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export interface Started {
  readonly pid: number
  readonly home: string
  readonly url: string
  readonly code?: string
}

/** Runs start-and-wait.ts with these rights and resolves with the line that it prints. */
export async function startInChild(
  dataDir: string,
  options: { uid?: number; gid?: number; env?: NodeJS.ProcessEnv } = {},
): Promise<{ child: ChildProcessWithoutNullStreams; started: Started; ended: Promise<unknown> }> {
  const script = fileURLToPath(new URL('./fixtures/start-and-wait.ts', import.meta.url))
  const args = ['--import=tsx', '--conditions=slipway-source', script, dataDir]
  const { env = { PATH: '/usr/bin:/bin' }, ...rights } = options
  // tap adds itself to NODE_OPTIONS and would write its notes with rights that this process may not have.
  const child = spawn('/usr/bin/env', ['-u', 'NODE_OPTIONS', process.execPath, ...args], { env, ...rights })
  child.stderr.pipe(process.stderr)
  const ended = once(child, 'exit')
  const [line] = await once(createInterface(child.stdout), 'line')
  return { child, started: JSON.parse(String(line)) as Started, ended }
}
