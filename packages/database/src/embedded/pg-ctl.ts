import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { RunUser } from './run-user.ts'

/** How the PostgreSQL programs are run. */
export interface Programs {
  /** The directory with bin, lib and share. */
  readonly directory: string
  readonly user: RunUser | undefined
  /** A directory the user can enter. */
  readonly cwd: string
}

export interface Outcome {
  readonly code: number
  readonly output: string
}

/**
 * Runs a PostgreSQL program to its end, in a session of its own, so that a Ctrl-C at the terminal reaches neither it
 * nor the server that it starts: the application drains first and stops the server itself. The environment is
 * empty but for what is needed: no PG… variable and no missing locale of the machine may change the database.
 */
export async function runProgram(programs: Programs, name: string, args: string[]): Promise<Outcome> {
  const child = spawn(join(programs.directory, 'bin', name), args, {
    cwd: programs.cwd,
    detached: true,
    env: { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C', LANG: 'C' },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(programs.user === undefined ? {} : { uid: programs.user.uid, gid: programs.user.gid }),
  })
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve(code ?? 1))
  })
  const [code, out, err] = await Promise.all([ended, text(child.stdout), text(child.stderr)])
  return { code, output: `${out}${err}`.trim() }
}
