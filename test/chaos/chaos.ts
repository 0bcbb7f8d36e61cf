// The chaos suite: lab, cluster, work, disturbances, then the checker. Source: issue "Never lost, never twice".
import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { startTestPostgres } from '@slipway/test-kit'
import pg from 'pg'
import type { JobRow } from '../harness/api.ts'
import { makeDataDir } from '../harness/data-dir.ts'
import { startLab } from '../harness/lab.ts'
import { adminPassword, quickLeases, startSlipway } from '../harness/slipway.ts'
import { checks } from './checks.ts'
import { createPatientClient, type PatientClient } from './client.ts'
import { createDice } from './dice.ts'
import { disturb } from './disturbances.ts'
import { countUndelivered, gather } from './evidence.ts'
import type { ChaosOptions } from './options.ts'
import { makeReport } from './report.ts'
import { type AcceptedJob, createWorkload } from './workload.ts'

/** Leases of the cluster under test, and the longest suspension: long enough to lose a lease and its grace. */
const LONGEST_SUSPENSION_MS = 12_000
const STUCK_MS = 180_000
const databaseNames = ['auth', 'inventory', 'scheduler', 'executor', 'catalog', 'distribution']

export interface ChaosResult {
  ok: boolean
  /** What contradicts a promise, by promise. */
  broken: ReadonlyMap<string, readonly string[]>
}

type Undo = () => Promise<unknown>

/** Runs the suite and prints as it goes. */
export async function runChaos(options: ChaosOptions, print: (line: string) => void): Promise<ChaosResult> {
  const undo: Undo[] = []
  try {
    return await run(options, print, undo)
  } finally {
    for (const step of undo.reverse()) await step().catch((error: Error) => print(error.message))
  }
}

async function run(options: ChaosOptions, print: (line: string) => void, undo: Undo[]): Promise<ChaosResult> {
  const startedMs = performance.now()
  const { seed } = options
  print(`chaos: seed ${seed}, ${options.routers} routers, ${options.waves} waves`)
  const dice = createDice(seed)
  const { lab, slipway, databases } = await start(options, undo)
  const client = createPatientClient(slipway.url, 'root', adminPassword)
  const workload = createWorkload(client, lab)
  await workload.prepare()

  const disturbances = disturb({
    child: slipway.child,
    dice,
    longestSuspensionMs: LONGEST_SUSPENSION_MS,
    report: ({ method, target, suspendedMs }) =>
      print(`  ${method} ${target}${suspendedMs === undefined ? '' : ` for ${suspendedMs / 1_000} s`}`),
  })
  undo.push(() => disturbances.stop())

  const accepted: AcceptedJob[] = []
  for (let wave = 1; wave <= options.waves; wave += 1) {
    const ofWave = await Promise.all(lab.routers.map((router) => workload.submit(wave, router)))
    accepted.push(...ofWave.flat())
    print(`chaos: wave ${wave}: ${ofWave.flat().length} jobs accepted`)
    await settle(client, accepted.length, print)
  }
  while (disturbances.done.length < options.faults) await pause(200)
  await disturbances.stop()
  await settle(client, accepted.length, print)
  await delivered(databases)

  const evidence = await gather({ client, lab, databases, accepted, disturbances: disturbances.done })
  const seconds = Math.round((performance.now() - startedMs) / 1_000)
  const report = makeReport(evidence, disturbances.done, { seed, seconds, clientRetries: client.retries() })
  const broken = new Map<string, string[]>()
  for (const [promise, check] of Object.entries(checks)) {
    const contradictions = check(evidence)
    print(`${contradictions.length === 0 ? 'ok    ' : 'BROKEN'} ${promise}`)
    for (const words of contradictions.slice(0, 20)) print(`         ${words}`)
    if (contradictions.length > 0) broken.set(promise, contradictions)
  }
  if (broken.size > 0) await keepOutput(slipway.child.lines, seed, print)
  print(JSON.stringify(report))
  return { ok: broken.size === 0, broken }
}

async function start({ routers }: ChaosOptions, undo: Undo[]) {
  const dataDir = await makeDataDir()
  undo.push(() => dataDir.remove())
  const times = ['--operation-ms', '1500', '--reload-ms', '1500']
  const lab = await startLab(['--routers', String(routers), '--keep-transcript', ...times])
  undo.push(() => lab.stop())
  const server = await startTestPostgres()
  undo.push(() => server.stop())
  const databases = await createDatabases(server.url)
  const env = Object.fromEntries(
    [...databases].map(([name, url]) => [`${name.toUpperCase()}_DATABASE_URL`, url]),
  )
  const slipway = await startSlipway(dataDir.path, { shape: 'cluster', env: { ...quickLeases, ...env } })
  undo.push(() => slipway.child.stop())
  return { lab, slipway, databases }
}

/** A database for each service, with names of their own. @returns URLs by service */
async function createDatabases(serverUrl: string): Promise<Map<string, string>> {
  const connection = new pg.Client(serverUrl)
  await connection.connect()
  const suffix = randomBytes(4).toString('hex')
  const urls = new Map<string, string>()
  for (const name of databaseNames) {
    const database = `chaos_${name}_${suffix}`
    await connection.query(`CREATE DATABASE ${database} TEMPLATE template0 ENCODING 'UTF8'`)
    const url = new URL(serverUrl)
    url.pathname = `/${database}`
    urls.set(name, url.href)
  }
  await connection.end()
  return urls
}

/** Waits until nothing is left that could run. Errors: nothing moved for a long time. */
async function settle(client: PatientClient, jobs: number, print: (line: string) => void): Promise<void> {
  let open = jobs
  let movedMs = performance.now()
  for (;;) {
    const { install_job_list: listed } = await client.ask<{ install_job_list: JobRow[] }>('GET', '/install')
    await resubmitFailed(client, listed, print)
    const now = listed.filter(({ status }) => status !== 'completed').length
    if (now === 0) return
    if (now !== open) {
      print(`chaos: ${now} of ${jobs} jobs to go`)
      movedMs = performance.now()
    }
    open = now
    // Left to the checker, which says what is wrong with which job.
    if (performance.now() - movedMs > STUCK_MS) return print(`chaos: nothing moved for ${STUCK_MS / 1_000} s`)
    await pause(500)
  }
}

/** What an operator does about a failed job; whether it had a reason to fail is the checker's to say. */
async function resubmitFailed(
  client: PatientClient,
  jobs: readonly JobRow[],
  print: (line: string) => void,
): Promise<void> {
  for (const { id, install_action, hostname, status } of jobs) {
    if (status !== 'failed') continue
    // Refused where a first try was done and its answer lost.
    const { status: answered } = await client.send('POST', `/install/${id}/resubmit`, {})
    if (answered === 200)
      print(`chaos: job ${id} (${install_action} on ${hostname}) failed and is resubmitted`)
  }
}

async function delivered(databases: ReadonlyMap<string, string>): Promise<void> {
  const giveUpAt = performance.now() + 30_000
  while (performance.now() < giveUpAt) {
    const counts = await countUndelivered(databases)
    if ([...counts.values()].every((count) => count === 0)) return
    await pause(200)
  }
}

async function keepOutput(lines: readonly string[], seed: number, print: (line: string) => void) {
  const file = join('/tmp', `slipway-chaos-${seed}.log`)
  await writeFile(file, lines.join('\n'))
  print(`chaos: what the cluster printed is in ${file}`)
}
