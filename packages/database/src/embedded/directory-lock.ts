// One Slipway on one data directory. Node has no flock, and a lock file with a process id outlives a SIGKILL, so
// every holder writes a file of its own, named after the process and its start time, and then looks at the others.
// A file of a dead process is removed by whoever sees it: names are never used again, so nothing living is hit.
// Whoever looks second sees the first, so two can never both hold; at worst both step back and try again.
import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { databaseError } from '../errors.ts'
import { processIdentity } from './process-identity.ts'

/** `slipway-4711-1b2c3d4e.98765.lock`: process id, identity */
const LOCK_NAME = /^slipway-(\d+)-(.+)\.lock$/
const ATTEMPTS = 3

export interface DirectoryLock {
  release(): Promise<void>
}

/** Takes the lock of a directory. Fails with DATABASE_LOCKED while another living process has it. */
export async function lockDirectory(directory: string): Promise<DirectoryLock> {
  const name = `slipway-${process.pid}-${await processIdentity(process.pid)}.lock`
  const path = join(directory, name)
  for (let attempt = 1; ; attempt += 1) {
    await claim(path, directory)
    const other = await livingHolder(directory, name)
    if (other === undefined) return { release: () => rm(path, { force: true }) }
    await rm(path, { force: true })
    if (attempt === ATTEMPTS) throw databaseError('DATABASE_LOCKED', [directory, other])
    await delay(20 + Math.random() * 80)
  }
}

async function claim(path: string, directory: string): Promise<void> {
  try {
    await writeFile(path, '', { flag: 'wx', mode: 0o644 })
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    throw databaseError('DATABASE_LOCKED', [directory, process.pid], error)
  }
}

async function livingHolder(directory: string, own: string): Promise<string | undefined> {
  for (const entry of await readdir(directory)) {
    const match = LOCK_NAME.exec(entry)
    if (entry === own || match === null) continue
    const pid = match[1] ?? ''
    if ((await processIdentity(Number(pid))) === match[2]) return pid
    await rm(join(directory, entry), { force: true })
  }
  return undefined
}
