// Creates, starts and stops a PostgreSQL cluster (its word for one data directory with many databases).
import { chown, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { databaseError, messageOf } from '../errors.ts'
import type { Log } from '../log.ts'
import { type Programs, runProgram } from './pg-ctl.ts'
import { isPostmasterOf } from './process-identity.ts'

/** The superuser; there is no password, the socket's directory is the lock. */
export const SUPERUSER = 'slipway'
const LOG_LIMIT_BYTES = 10 * 1024 * 1024
const START_ATTEMPTS = 10

export interface Cluster {
  readonly programs: Programs
  /** Directory of the database files. */
  readonly data: string
  readonly logFile: string
  /** False: may lose data when the machine goes down. For tests. */
  readonly durable: boolean
  readonly log: Log
}

/** Creates the cluster if it is not there. Killed in between, nothing of it counts. */
export async function ensureCluster(cluster: Cluster): Promise<boolean> {
  if ((await stat(join(cluster.data, 'PG_VERSION')).catch(() => undefined)) !== undefined) return false
  const part = `${cluster.data}.part`
  await rm(part, { recursive: true, force: true })
  await mkdir(part, { mode: 0o700 })
  const { user } = cluster.programs
  if (user !== undefined) await chown(part, user.uid, user.gid)
  const args = ['-D', part, '-U', SUPERUSER, '-E', 'UTF8', '--locale=C', '-A', 'trust']
  const { code, output } = await runProgram(
    cluster.programs,
    'initdb',
    cluster.durable ? args : [...args, '-N'],
  )
  if (code !== 0) throw databaseError('DATABASE_INIT_FAILED', [cluster.data, output])
  await rename(part, cluster.data)
  return true
}

/** Fails with DATABASE_VERSION if the files were made by another major version. */
export async function checkVersion(cluster: Cluster): Promise<void> {
  const made = (await readFile(join(cluster.data, 'PG_VERSION'), 'utf8')).trim()
  const { output } = await runProgram(cluster.programs, 'postgres', ['--version'])
  /** `postgres (PostgreSQL) 15.18`: the major version */
  const own = /\s(\d+)[.\w]*$/.exec(output)?.[1] ?? output
  if (made !== own) throw databaseError('DATABASE_VERSION', [cluster.data, made, own])
}

/** Process id of the running server of this cluster; undefined if none runs. */
export async function runningPostmaster(data: string): Promise<number | undefined> {
  const pidFile = await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '')
  const pid = Number.parseInt(pidFile, 10)
  return Number.isInteger(pid) && (await isPostmasterOf(pid, data)) ? pid : undefined
}

/**
 * Stops what a killed Slipway left running. A postmaster.pid whose process is not a PostgreSQL of this directory is
 * removed: in a container the same small ids are soon used by others, PostgreSQL would refuse to start because of
 * them, and pg_ctl would stop a stranger.
 */
export async function stopLeftover(cluster: Cluster): Promise<void> {
  const pid = await runningPostmaster(cluster.data)
  if (pid === undefined) {
    await rm(join(cluster.data, 'postmaster.pid'), { force: true })
    return
  }
  const { code } = await runProgram(cluster.programs, 'pg_ctl', ['status', '-D', cluster.data])
  if (code !== 0) return
  cluster.log.warn({ pid }, 'stopping the database that an earlier run left behind')
  await stopCluster(cluster)
}

/** Starts the server and waits until it answers. */
export async function startCluster(cluster: Cluster, settings: Record<string, string>): Promise<void> {
  await prepareLog(cluster)
  const options = Object.entries(settings).map(([name, value]) => `-c ${name}=${value}`)
  const args = [
    'start',
    '-w',
    '-t',
    '60',
    '-s',
    '-D',
    cluster.data,
    '-l',
    cluster.logFile,
    '-o',
    options.join(' '),
  ]
  for (let attempt = 1; ; attempt += 1) {
    const { code, output } = await runProgram(cluster.programs, 'pg_ctl', args)
    if (code === 0) return
    const reason = await lastLines(cluster.logFile)
    // Backends of a killed server need a moment to notice and let go of its shared memory.
    const lingering = reason.includes('pre-existing shared memory block')
    if (!lingering || attempt === START_ATTEMPTS) {
      throw databaseError('DATABASE_START_FAILED', [cluster.data, reason || output])
    }
    await delay(500)
  }
}

/** Stops the server: connections are ended, data is written. */
export async function stopCluster(cluster: Cluster): Promise<void> {
  const stop = async (mode: string) =>
    runProgram(cluster.programs, 'pg_ctl', ['stop', '-w', '-t', '30', '-s', '-D', cluster.data, '-m', mode])
  if ((await runningPostmaster(cluster.data)) === undefined) return
  const fast = await stop('fast')
  if (fast.code === 0 || (await runningPostmaster(cluster.data)) === undefined) return
  cluster.log.warn({ output: fast.output }, 'the database did not stop in time, stopping it at once')
  const immediate = await stop('immediate')
  if (immediate.code !== 0 && (await runningPostmaster(cluster.data)) !== undefined) {
    throw databaseError('DATABASE_STOP_FAILED', [cluster.data, immediate.output])
  }
}

async function prepareLog(cluster: Cluster): Promise<void> {
  const size = await stat(cluster.logFile)
    .then((found) => found.size)
    .catch(() => 0)
  if (size > LOG_LIMIT_BYTES) await rename(cluster.logFile, `${cluster.logFile}.1`)
  const file = await open(cluster.logFile, 'a', 0o600)
  await file.close()
  const { user } = cluster.programs
  if (user !== undefined) await chown(cluster.logFile, user.uid, user.gid)
}

async function lastLines(path: string): Promise<string> {
  const content = await readFile(path, 'utf8').catch((error) => `no ${basename(path)}: ${messageOf(error)}`)
  return content.trim().split('\n').slice(-5).join('\n')
}
