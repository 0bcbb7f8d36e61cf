// The nats-server of the cluster on one machine: Debian's (or anybody's) binary as a process. It is in a session of its
// own, because it ends at once on Ctrl-C, and services still need it while they stop in order.
import { type ChildProcess, spawn } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Logger } from '@slipway/service-kit'
import type { Launched, Places } from './supervise.ts'

/** Debian installs it where a user's PATH does not always lead. */
const MORE_PLACES = ['/usr/sbin', '/usr/local/sbin', '/usr/local/bin', '/usr/bin', '/opt/homebrew/bin']
/** `[4711] 2026/11/22 10:00:00.000000 [INF] Server is ready` */
const READY = 'Server is ready'
/** `[4711] 2026/11/22 10:00:00.000000 [ERR] …`, `[FTL]`; a line without a level is a complaint about the configuration */
const TROUBLE = /\[(ERR|FTL)\]|^nats-server: /

export const natsAdvice =
  'nats-server is not installed on this machine. Debian and Ubuntu: apt-get install nats-server; macOS: brew install nats-server; else https://nats.io/download. Or set NATS_URL to a NATS server you have.'

/** The path of the binary; undefined if there is none. @param path the PATH variable */
export function findNatsServer(path: string, morePlaces = MORE_PLACES): string | undefined {
  const places = [...path.split(delimiter).filter((place) => place !== ''), ...morePlaces]
  return places.map((place) => join(place, 'nats-server')).find(isExecutable)
}

/** Writes the configuration where only we can read it: it holds passwords. @returns its path */
export async function writeNatsConfig(dataDir: string, text: string): Promise<string> {
  const directory = join(dataDir, 'nats')
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const file = join(directory, 'server.conf')
  await writeFile(file, text, { mode: 0o600 })
  await chmod(file, 0o600)
  return file
}

/** Starts the server. */
export function launchNats(binary: string, configFile: string, port: number, log: Logger): Launched {
  const child = spawn(binary, ['-c', configFile], { detached: true, stdio: ['ignore', 'ignore', 'pipe'] })
  child.once('spawn', () => endWithUs(child))
  return { process: child, ready: whenReady(child, port, log) }
}

function whenReady(child: ChildProcess, port: number, log: Logger): Promise<Places> {
  return new Promise((resolve) => {
    if (child.stderr === null) return
    createInterface({ input: child.stderr }).on('line', (line) => {
      if (line.includes(READY)) resolve({ nats: `nats://127.0.0.1:${port}` })
      if (TROUBLE.test(line)) log.warn({ nats: line }, 'nats-server says')
    })
  })
}

/**
 * Ends the server when we are gone, also after a SIGKILL: a shell waits for the end of a pipe that only we hold. It
 * is gone itself when the server is, so that it never signals a stranger who got the same process id.
 */
function endWithUs(server: ChildProcess): void {
  const { pid } = server
  if (pid === undefined) return
  const guard = spawn('/bin/sh', ['-c', 'read -r _; kill -TERM "$0"', String(pid)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  guard.once('error', () => undefined)
  guard.unref()
  server.once('exit', () => guard.kill('SIGKILL'))
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
