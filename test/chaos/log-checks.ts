// Whether the session logs that the API serves tell everything that the simulated routers received and said.
import type { Check, Evidence } from './evidence.ts'
import { nameOf } from './session-checks.ts'
import type { RouterSession, SessionOwner } from './sessions.ts'

/** What a router said so shortly before a session was cut short may be missing. README.md says why. */
const LOST_MS = 2_000

export const logChecks: Readonly<Record<string, Check>> = {
  'session logs are complete: all that a router received and said stands in a log of its job': (evidence) => [
    ...evidence.sessions.flatMap((session) => missing(evidence, session)),
    ...strangers(evidence).map((session) => `no log tells of ${nameOf(session)}`),
  ],
}

/** What a session's log lacks. */
function missing(evidence: Evidence, session: RouterSession): string[] {
  const { owner, said } = session
  if (owner === undefined) return []
  const index = said.findIndex(({ text }, line) => owner.logged[line] !== text)
  const line = said[index]
  if (line === undefined || line.atMs > cutOf(evidence, session, owner) - LOST_MS) return []
  const there = JSON.stringify(owner.logged[index] ?? null)
  return [`${nameOf(session)}, line ${index} of ${said.length}: ${JSON.stringify(line.text)} is ${there}`]
}

/**
 * When whoever listened was killed, or suspended until its run was another's, or hung up because the run was handed over or
 * lost, or when the router restarted, after which the same attempt logs in again; Infinity: it was not cut short.
 */
function cutOf(evidence: Evidence, session: RouterSession, owner: SessionOwner): number {
  const { events, disturbances, runs, sessions } = evidence
  const executor = executorOf(events, owner)
  const isLast = runs.some(({ job_id, attempt }) => job_id === owner.job && attempt === owner.attempt)
  // Who loses the run while it is suspended hangs up before it reads what came meanwhile.
  const deadly = isLast ? ['SIGKILL'] : ['SIGKILL', 'SIGSTOP']
  const kills = disturbances
    .filter(({ method, target }) => deadly.includes(method) && target === executor)
    .map(({ at }) => Date.parse(at))
    .filter((atMs) => atMs >= session.openedMs && atMs <= session.closedMs)
  const isFollowed = sessions.some(
    ({ owner: other, opened, router }) =>
      router === session.router &&
      opened > session.closed &&
      other?.job === owner.job &&
      other.attempt === owner.attempt,
  )
  return Math.min(isLast && !isFollowed ? Infinity : session.closedMs, ...kills)
}

/** `executor-2-4f1c…` → `executor-2`: who began or resumed the attempt. */
function executorOf(events: Evidence['events'], { job, attempt }: SessionOwner): string | undefined {
  const begun = events.find(
    (event) =>
      event.job_id === job && event.attempt === attempt && ['claimed', 'resumed'].includes(event.kind),
  )
  return begun === undefined ? undefined : String(begun.payload['executor']).replace(/-[0-9a-f]+$/, '')
}

/**
 * Sessions of which no log tells, though something was asked in them. One of each router is its discovery, whose log is
 * not served; others are explained only by what was done to an executor meanwhile.
 */
function strangers({ sessions, disturbances }: Evidence): RouterSession[] {
  const unknown = sessions.filter(({ owner, words }) => owner === undefined && words.length > 0)
  const uncut = unknown.filter((session) => !disturbances.some((each) => isDuring(each, session)))
  return uncut.filter(({ router }, index) => uncut.slice(0, index).some((each) => each.router === router))
}

function isDuring(
  { target, at, suspendedMs = 0 }: Evidence['disturbances'][number],
  { openedMs, closedMs }: RouterSession,
): boolean {
  const atMs = Date.parse(at)
  return target.startsWith('executor') && atMs <= closedMs && atMs + suspendedMs >= openedMs - LOST_MS
}
