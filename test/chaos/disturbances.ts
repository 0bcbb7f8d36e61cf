// What is done to the processes while they work: killed, told to stop, suspended and continued. Who and when is thrown.
import { setTimeout as pause } from 'node:timers/promises'
import type { Child } from '../harness/child.ts'
import { type RunningMember, replaced, runningMembers } from '../harness/members.ts'
import type { Dice } from './dice.ts'

const targets = ['scheduler', 'executor', 'gateway'] as const
const methods = ['SIGKILL', 'SIGTERM', 'SIGSTOP'] as const

export interface Disturbance {
  at: string
  target: string
  method: (typeof methods)[number]
  /** How long a suspension took. */
  suspendedMs?: number
}

export interface Disturbances {
  readonly done: readonly Disturbance[]
  /** Stops disturbing; every process runs again. */
  stop(): Promise<void>
}

interface Deps {
  /** The cluster. */
  child: Child
  dice: Dice
  /** Longest suspension in milliseconds: longer than a lease and the grace after it, so that runs are taken over. */
  longestSuspensionMs: number
  report(disturbance: Disturbance): void
}

/** Disturbs until stopped, never more than one process of a kind at a time: the others are to carry on. */
export function disturb({ child, dice, longestSuspensionMs, report }: Deps): Disturbances {
  const done: Disturbance[] = []
  const stopping = new AbortController()
  const suspended = new Set<number>()
  const busy = new Map<string, Promise<void>>()

  async function disturbOne(member: RunningMember, method: Disturbance['method']): Promise<void> {
    const suspendedMs = method === 'SIGSTOP' ? dice.between(200, longestSuspensionMs) : undefined
    const disturbance = {
      at: new Date().toISOString(),
      target: member.name,
      method,
      ...(suspendedMs === undefined ? {} : { suspendedMs }),
    }
    if (!signal(member.pid, method)) return
    done.push(disturbance)
    report(disturbance)
    if (suspendedMs === undefined) return replaced(child, member)
    suspended.add(member.pid)
    await pause(suspendedMs, undefined, { signal: stopping.signal }).catch(() => undefined)
    signal(member.pid, 'SIGCONT')
    suspended.delete(member.pid)
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      const free = targets.filter((kind) => !busy.has(kind))
      if (free.length > 0) {
        const kind = dice.pick(free)
        const member = dice.pick(runningMembers(child, kind))
        const work = disturbOne(member, dice.pick(methods)).finally(() => busy.delete(kind))
        busy.set(kind, work)
      }
      await pause(dice.between(100, 1_500), undefined, { signal: stopping.signal }).catch(() => undefined)
    }
    await Promise.all(busy.values())
  }

  const running = run()
  return {
    done,
    async stop() {
      stopping.abort()
      await running
    },
  }
}

function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name)
  } catch {
    // It has ended by itself meanwhile; the supervisor starts it again.
    return false
  }
}
