// A process id alone says little: ids are used again, after a restart of a container nearly always. An id together
// with the time the process was started names one process for good.
import { execFile } from 'node:child_process'
import { readFile, readlink } from 'node:fs/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** `<boot>.<start>` of a living process; undefined if there is none. */
export async function processIdentity(pid: number): Promise<string | undefined> {
  if (process.platform !== 'linux') return startTimeFromPs(pid)
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
    // The second field is the command in parentheses and may contain blanks; the 22nd is the start time in ticks.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (fields[0] === 'Z') return undefined
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '0')
    return `${boot.slice(0, 8)}.${fields[19] ?? ''}`
  } catch {
    return undefined
  }
}

async function startTimeFromPs(pid: number): Promise<string | undefined> {
  try {
    const { stdout } = await run('ps', ['-o', 'lstart=', '-p', String(pid)])
    return stdout.trim().replace(/[^0-9A-Za-z]+/g, '-') || undefined
  } catch {
    return undefined
  }
}

/** True if the process is a PostgreSQL working in this data directory (the postmaster makes it its own). */
export async function isPostmasterOf(pid: number, dataDirectory: string): Promise<boolean> {
  if (process.platform === 'linux') {
    const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => undefined)
    return cwd === dataDirectory
  }
  const { stdout } = await run('ps', ['-o', 'command=', '-p', String(pid)]).catch(() => ({ stdout: '' }))
  return stdout.includes('postgres')
}
