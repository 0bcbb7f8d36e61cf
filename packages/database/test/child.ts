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

interface Rights {
  readonly uid?: number
  readonly gid?: number
  readonly env?: NodeJS.ProcessEnv
}

/** Runs a script of fixtures as a process of its own. */
export function runScript(
  name: string,
  args: string[],
  options: Rights = {},
): ChildProcessWithoutNullStreams {
  const script = fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url))
  const all = ['--import=tsx', '--conditions=slipway-source', script, ...args]
  const { env = { PATH: '/usr/bin:/bin' }, ...rights } = options
  // tap adds itself to NODE_OPTIONS and would write its notes with rights that this process may not have.
  const child = spawn('/usr/bin/env', ['-u', 'NODE_OPTIONS', process.execPath, ...all], { env, ...rights })
  child.stderr.pipe(process.stderr)
  return child
}

/** Runs start-and-wait.ts with these rights and resolves with the line that it prints. */
export async function startInChild(
  dataDir: string,
  options: Rights = {},
): Promise<{ child: ChildProcessWithoutNullStreams; started: Started; ended: Promise<unknown> }> {
  const child = runScript('start-and-wait.ts', [dataDir], options)
  const ended = once(child, 'exit')
  const [line] = await once(createInterface(child.stdout), 'line')
  return { child, started: JSON.parse(String(line)) as Started, ended }
}
