import { readdir, readFile } from 'node:fs/promises'

/** `Pss:    4711 kB`: memory of a process, shared pages divided among those who share them */
const PSS = /^Pss:\s+(\d+) kB/m
/** Fourth field of /proc/<pid>/stat after the command in parentheses: the parent's id */
const PARENT = /\)\s+\S\s+(\d+)/

/** Memory of a process and its children in KiB (proportional set size); undefined where /proc does not tell. */
export async function familyMemoryKb(pid: number): Promise<number | undefined> {
  const entries = await readdir('/proc').catch(() => [])
  const family = [String(pid)]
  for (const entry of entries) {
    if (!/^\d+$/.test(entry)) continue
    const stat = await readFile(`/proc/${entry}/stat`, 'utf8').catch(() => '')
    if (PARENT.exec(stat)?.[1] === String(pid)) family.push(entry)
  }
  const sizes = await Promise.all(family.map(pssKb))
  return sizes[0] === undefined ? undefined : sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0)
}

async function pssKb(pid: string): Promise<number | undefined> {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '')
  const match = PSS.exec(rollup)
  return match === null ? undefined : Number(match[1])
}
