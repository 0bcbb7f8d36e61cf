// The promises about routers, checked on what the simulators kept of every session: their own order of what was said to
// them, by whom. README.md states the rules.

import { droppedOperations } from './dropped.ts'
import type { Check, Evidence } from './evidence.ts'
import { type RouterSession, type SessionOwner, sendsChange } from './sessions.ts'

/** The changing command of each action; the others change nothing. */
const commandOf: Readonly<Record<string, RegExp>> = {
  Add: /^(?:admin )?install add /,
  Activate: /^(?:admin )?install activate /,
  Deactivate: /^(?:admin )?install deactivate /,
  Commit: /^(?:admin )?install commit\b/,
  Remove: /^(?:admin )?install remove /,
}

export const sessionChecks: Readonly<Record<string, Check>> = {
  'the checker saw every changing command that the routers counted': ({ routers, sessions }) =>
    [...routers.values()].flatMap(({ name, mutations }) => {
      const seen = sessions.filter(({ router }) => router === name).flatMap(changingCommands)
      return seen.length === mutations.length
        ? []
        : [`${name} counted ${mutations.length} changing commands, its transcript has ${seen.length}`]
    }),

  'every job sent its changing command once, once more for each that its router dropped, and no other': ({
    accepted,
    sessions,
  }) =>
    accepted.flatMap(({ id, install_action }) => {
      const wanted = commandOf[install_action]
      const sent = sessions.filter(({ owner }) => owner?.job === id).flatMap(changingCommands)
      const right = wanted === undefined ? [] : sent.filter((command) => wanted.test(command))
      const expected = wanted === undefined ? 0 : 1 + droppedOperations(sessions, id)
      return sent.length === expected && right.length === expected
        ? []
        : [`job ${id} (${install_action}) sent ${sent.length} changing commands: ${sent.join(', ')}`]
    }),

  'nobody changed a router without a log that tells of it': ({ sessions }) =>
    sessions.flatMap((session) =>
      session.owner === undefined
        ? changingCommands(session).map((command) => `${nameOf(session)} sent ${command}`)
        : [],
    ),

  'no run changed a router any more once a later one had a session on it': ({ accepted, sessions }) =>
    pairs(sessions).flatMap(([one, other]) => {
      if (!isLater(accepted, other.owner, one.owner)) return []
      const late = one.words.filter(({ seq, changes }) => changes && seq > other.opened)
      return late.map(({ text }) => `${nameOf(one)} said ${text} after ${nameOf(other)} was opened`)
    }),

  'sessions of runs that change a router overlap only after a lost lease': (evidence) =>
    overlapping(evidence).flatMap(([one, other]) =>
      leaseWasLost(evidence, one, other) ? [] : [`${nameOf(one)} was open beside ${nameOf(other)}`],
    ),

  'a chain kept its order on the router: no session before the last word of the job before': (evidence) =>
    evidence.accepted.flatMap((job) => {
      const own = evidence.sessions.filter(({ owner }) => owner?.job === job.id)
      const first = own.find(({ opened }) => opened === Math.min(...own.map((each) => each.opened)))
      if (first === undefined) return [`nobody was on the router for job ${job.id} (${job.install_action})`]
      const before = evidence.sessions.filter(({ owner }) => owner !== undefined && owner.job === job.after)
      return before.flatMap((session) =>
        lastWordOfRun(session, before) < first.opened
          ? []
          : [`${nameOf(first)} was opened before the last word in ${nameOf(session)}`],
      )
    }),
}

/** Pairs of sessions that were open side by side, on runs of jobs that change the router; the older one first. */
export function overlapping({ accepted, sessions }: Evidence): [RouterSession, RouterSession][] {
  const changing = new Set(
    accepted.filter(({ install_action: action }) => action in commandOf).map(({ id }) => id),
  )
  const intent = sessions.filter(({ owner }) => owner !== undefined && changing.has(owner.job))
  return pairs(intent).filter(([one, other]) => one.opened < other.opened && other.opened < one.closed)
}

const changingCommands = ({ words }: RouterSession): string[] =>
  words.filter(sendsChange).map(({ text }) => text)

/** How a session is called in words. */
export const nameOf = ({ router, id, owner }: RouterSession): string =>
  `session ${id} of ${router} (${owner === undefined ? 'nobody' : `job ${owner.job}, attempt ${owner.attempt}`})`

/** All ordered pairs of sessions of the same router. */
function pairs(sessions: readonly RouterSession[]): [RouterSession, RouterSession][] {
  return sessions.flatMap((one) =>
    sessions.flatMap((other): [RouterSession, RouterSession][] =>
      one !== other && one.router === other.router ? [[one, other]] : [],
    ),
  )
}

/** A later attempt of the same job, or a job that comes after it in the chain. */
function isLater(
  accepted: Evidence['accepted'],
  one: SessionOwner | undefined,
  than: SessionOwner | undefined,
): boolean {
  if (one === undefined || than === undefined) return false
  if (one.job === than.job) return one.attempt > than.attempt
  let job = accepted.find(({ id }) => id === one.job)?.after
  while (job !== undefined && job !== than.job) job = accepted.find(({ id }) => id === job)?.after
  return job === than.job
}

/** The older one's attempt was taken over because its lease had run out, before the younger session was opened. */
function leaseWasLost({ events }: Evidence, one: RouterSession, other: RouterSession): boolean {
  return events.some(
    ({ job_id, attempt, kind, payload, at }) =>
      job_id === one.owner?.job &&
      attempt === one.owner.attempt + 1 &&
      kind === 'resumed' &&
      payload['after'] === 'expired' &&
      at.getTime() <= other.openedMs,
  )
}

/** Of an attempt that was taken over only changes count: it may read until it sees that its lease is lost. */
function lastWordOfRun({ words, owner }: RouterSession, ofJob: readonly RouterSession[]): number {
  const last = Math.max(...ofJob.map((each) => each.owner?.attempt ?? 0))
  const counted = owner?.attempt === last ? words : words.filter(({ changes }) => changes)
  return counted.at(-1)?.seq ?? 0
}
