// The processes of a cluster, as it prints who runs where.
import type { Output } from './child.ts'

/** `  executor-1  process 4711    health, metrics http://127.0.0.1:5007`; `  nats  process 4708    nats://127.0.0.1:5001` */
const MEMBER = /^ {2}(\S+) +process (\d+) .*?(http:\S+)?$/
/** `  executor-1 ended (SIGKILL); it is started again in 0.5 s`: what the supervisor reports of a death. */
const DEATH = /^ *(\S+) ended \(.*it is started again/
/** `  executor-1 runs again, process 4712` */
const AGAIN = /^ *(\S+) runs again, process (\d+)$/

export interface Member {
  name: string
  /** At the start. */
  pid: number
  /** Its internal HTTP; NATS has none. */
  http: string | undefined
}

/** Who runs where. */
export function membersOf(child: Output): Member[] {
  return child.lines.flatMap((line) => {
    const [, name = '', pid = '', http] = MEMBER.exec(line) ?? []
    return name === '' ? [] : [{ name, pid: Number(pid), http }]
  })
}

export function memberOf(child: Output, name: string): Member {
  const found = membersOf(child).find((member) => member.name === name)
  if (found === undefined) throw new Error(`the cluster has no ${name}`)
  return found
}

/** Members that serve HTTP of their own. */
export function httpMembers(child: Output): (Member & { http: string })[] {
  return membersOf(child).flatMap(({ http, ...member }) => (http === undefined ? [] : [{ ...member, http }]))
}

/** Names of processes that ended unasked, in order. */
export const deathsOf = (child: Output): string[] =>
  child.lines.flatMap((line) => DEATH.exec(line)?.[1] ?? [])

/** Every process that can be probed and scraped: those of a cluster, or the one that is all. */
export function processesOf({
  child,
  url,
}: {
  child: Output
  url: string
}): { name: string; http: string }[] {
  const members = httpMembers(child)
  return members.length > 0 ? members : [{ name: 'slipway', http: url }]
}

/** Resolves when a process runs again after its so-and-so-many-th death. @returns its process id */
export async function runsAgain(child: Output, name: string, time = 1): Promise<number> {
  let seen = 0
  const line = await child.line((each) => AGAIN.exec(each)?.[1] === name && ++seen === time, 60_000)
  return Number(AGAIN.exec(line)?.[2])
}

/** A process as it runs now. */
export interface RunningMember {
  name: string
  pid: number
}

/** Members whose name begins so, as they run now. */
export function runningMembers(child: Output, kind: string): RunningMember[] {
  return [...currentPids(child)]
    .filter(([name]) => name.startsWith(kind))
    .map(([name, pid]) => ({ name, pid }))
}

/** Resolves when a process that was told to end runs again as another one. */
export async function replaced(child: Output, { name, pid }: RunningMember): Promise<void> {
  const isNext = (line: string) => AGAIN.exec(line)?.[1] === name && currentPids(child).get(name) !== pid
  await child.line(isNext, 60_000)
}

function currentPids(child: Output): Map<string, number> {
  const pids = new Map(membersOf(child).map(({ name, pid }) => [name, pid]))
  for (const line of child.lines) {
    const [, name = '', pid = ''] = AGAIN.exec(line) ?? []
    if (name !== '') pids.set(name, Number(pid))
  }
  return pids
}
