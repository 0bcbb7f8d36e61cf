// Processes of a run that was killed. They notice that nobody looks after them and stop in order, handing over what
// they were doing; the next start waits for that, as it is about to stop their database. Their ids are remembered in
// a file together with their times of start, because ids are used again.
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { processIdentity } from '@slipway/database'

interface KnownProcess {
  name: string
  pid: number
  identity: string
}

export interface Leftovers {
  /** Remembers a process that was started. */
  remember(name: string, pid: number): void
  /** Waits until all processes remembered by earlier runs have ended; ends them if they do not in time. */
  settle(onWait: (names: string[]) => void): Promise<void>
}

const FILE_NAME = 'cluster-processes.json'
const POLL_MS = 50
/** As long as an executor may take to hand over its runs, and some more. */
const PATIENCE_MS = 40_000

export function createLeftovers(dataDir: string, patienceMs = PATIENCE_MS): Leftovers {
  const file = join(dataDir, FILE_NAME)
  const known = new Map<string, KnownProcess>()
  let writing = Promise.resolve()

  async function add(name: string, pid: number): Promise<void> {
    const identity = await processIdentity(pid)
    if (identity === undefined) return
    known.set(name, { name, pid, identity })
    await mkdir(dataDir, { recursive: true })
    await writeFile(`${file}.part`, JSON.stringify([...known.values()]))
    await rename(`${file}.part`, file)
  }
  return {
    remember(name, pid) {
      // One after the other; a file that cannot be written costs only the courtesy of waiting.
      writing = writing.then(() => add(name, pid)).catch(() => undefined)
    },
    async settle(onWait) {
      const before = parse(await readFile(file, 'utf8').catch(() => '[]'))
      let living = await filterLiving(before)
      if (living.length > 0) onWait(living.map(({ name }) => name))
      for (let waitedMs = 0; living.length > 0; waitedMs += POLL_MS) {
        if (waitedMs >= patienceMs) for (const { pid } of living) kill(pid)
        await delay(POLL_MS)
        living = await filterLiving(living)
      }
    },
  }
}

async function filterLiving(processes: readonly KnownProcess[]): Promise<KnownProcess[]> {
  const identities = await Promise.all(processes.map(({ pid }) => processIdentity(pid)))
  return processes.filter(({ identity }, index) => identities[index] === identity)
}

function parse(text: string): KnownProcess[] {
  try {
    const list: unknown = JSON.parse(text)
    return Array.isArray(list) ? list.filter(isKnownProcess) : []
  } catch {
    return []
  }
}

function isKnownProcess(value: unknown): value is KnownProcess {
  return (
    typeof value === 'object' && value !== null && 'pid' in value && 'identity' in value && 'name' in value
  )
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It ended meanwhile.
  }
}
