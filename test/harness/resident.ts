import { readFileSync } from 'node:fs'
import type { Output } from './child.ts'
import { runningMembers } from './members.ts'

/** `VmRSS:	  123456 kB` */
const RESIDENT = /^VmRSS:\s+(\d+)/m

/** Resident memory of processes in MiB. */
export function residentMib(pids: readonly number[]): number {
  const kib = pids.map((pid) => Number(RESIDENT.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]))
  return kib.reduce((sum, one) => sum + one, 0) / 1_024
}

/** Processes of some kinds of services, by kind; none of a Slipway that is one process. */
export function pidsOf(child: Output, kinds: readonly string[]): [kind: string, pids: number[]][] {
  const all = kinds.map((kind): [string, number[]] => [
    kind,
    runningMembers(child, kind).map(({ pid }) => pid),
  ])
  return all.filter(([, pids]) => pids.length > 0)
}
