// How long a warm `npm start` takes until the ready line, and what it needs when idle.
// Aims: ready < 3 s; own process < 250 MB RSS; PostgreSQL < 100 MB PSS.
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { makeDataDir } from '../harness/data-dir.ts'
import { startSlipway } from '../harness/slipway.ts'
import { median } from './figures.ts'

const ROUNDS = 5
const IDLE_MS = 10_000
const dataDir = await makeDataDir()

const first = performance.now()
const initial = await startSlipway(dataDir.path)
console.log(`first start (creates the database): ${seconds(performance.now() - first)}`)
await initial.child.stop()

const times: number[] = []
for (let round = 1; round <= ROUNDS; round++) {
  const started = performance.now()
  const slipway = await startSlipway(dataDir.path)
  times.push(performance.now() - started)
  if (round === ROUNDS) {
    await pause(IDLE_MS)
    reportMemory(slipway.child.process.pid ?? 0)
  }
  await slipway.child.stop()
}
console.log(
  `warm start to ready: median ${seconds(median(times))}, slowest ${seconds(Math.max(...times))} (aim < 3 s)`,
)
await dataDir.remove()

function reportMemory(pid: number): void {
  const own = field(`/proc/${pid}/status`, 'VmRSS')
  const all = processes()
  const postmaster = all.find(({ command }) => command.includes(dataDir.path))?.pid
  const postgres = all
    .filter((process) => process.pid === postmaster || process.parent === postmaster)
    .reduce((sum, process) => sum + field(`/proc/${process.pid}/smaps_rollup`, 'Pss'), 0)
  console.log(`idle memory, Slipway's process: ${megabytes(own)} RSS (aim < 250 MB)`)
  console.log(`idle memory, PostgreSQL: ${megabytes(postgres)} PSS (aim < 100 MB)`)
}

/** A field of a /proc file in kB, 0 where the file cannot be read. */
function field(file: string, name: string): number {
  try {
    return Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(readFileSync(file, 'utf8'))?.[1] ?? 0)
  } catch {
    return 0
  }
}

function processes(): { pid: string; parent: string | undefined; command: string }[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
        const parent = /^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
        return [{ pid, parent, command }]
      } catch {
        return []
      }
    })
    .filter(({ command }) => command.includes('postgres'))
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`
}

function megabytes(kb: number): string {
  return `${Math.round(kb / 1024)} MB`
}
