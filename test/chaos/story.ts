// Made-up evidence about one router, told step by step: to see that the checker finds what is planted in it.
import type { TranscriptEntry } from '../harness/lab.ts'
import type { Evidence } from './evidence.ts'
import { readSessions } from './sessions.ts'

const ROUTER = 'r1'
const PROMPT = 'RP/0/RSP0/CPU0:r1#'
const STEP_MS = 1_000
const BEGIN_MS = Date.UTC(2026, 0, 2, 3, 4, 5)

/** `[session, what]`: `opens`, `closes`, `answers`, a command, or one that the router asks about (`install activate x?`). A second passes with each. */
export type Step = readonly [session: number, what: string]

export interface Story {
  steps: readonly Step[]
  /** Whose log tells of a session: `[job, attempt]`. Job 1 is an Add, job 2 the Activate after it. */
  owners: Readonly<Record<number, readonly [job: number, attempt: number]>>
  /** Steps, counted from 0, after which attempt 2 of job 1 begins because the lease was lost. */
  leaseLostAt?: number
  /** The step at which executor-1, which does everything, is killed. */
  killedAt?: number
  /** The step at which it is suspended. */
  suspendedAt?: number
  /** What is done to the text of a session log. */
  log?: (text: string) => string
}

const msOf = (step: number) => BEGIN_MS + step * STEP_MS
/** ISO 8601. */
export const timeOf = (step: number) => new Date(msOf(step)).toISOString()
/** `Fri Jan  2 03:04:05.000 UTC`. */
const printed = (step: number) => {
  const [, day, month, , time] = new Date(msOf(step)).toUTCString().split(' ')
  return `Fri ${month} ${String(Number(day)).padStart(2)} ${time}.000 UTC`
}

export function tell({
  steps,
  owners,
  leaseLostAt,
  killedAt,
  suspendedAt,
  log = (text) => text,
}: Story): Evidence {
  const entries: TranscriptEntry[] = []
  for (const [step, [session, what]] of steps.entries()) {
    const at = timeOf(step)
    for (const entry of entriesOf(step, what))
      entries.push({ seq: entries.length + 1, at, session, ...entry })
  }
  const accepted: Evidence['accepted'] = [
    { id: 1, hostname: ROUTER, install_action: 'Add', after: undefined },
    { id: 2, hostname: ROUTER, install_action: 'Activate', after: 1 },
  ]
  const runs = accepted.map(({ id }) => {
    const attempts = Object.values(owners).flatMap(([job, attempt]) => (job === id ? [attempt] : []))
    return { ...emptyRun, job_id: id, attempt: Math.max(1, ...attempts) }
  })
  const logs = new Map(runs.map((run) => [run.job_id, logsOf(run, entries, owners, log)]))
  const transcripts = new Map([[ROUTER, entries]])
  const mutations = steps.flatMap(([session, text]) =>
    text.startsWith('install') ? [{ kind: text.split(' ')[1] ?? '', text, at: '', session }] : [],
  )
  return {
    accepted,
    transcripts,
    logs,
    runs,
    sessions: readSessions({ transcripts, logs, accepted, runs }),
    routers: new Map([[ROUTER, { name: ROUTER, release: '', counts: {}, mutations }]]),
    events: [
      ...accepted.map(({ id }) => eventOf(id, 1, 'claimed', 0)),
      ...(leaseLostAt === undefined
        ? []
        : [eventOf(1, 2, 'resumed', leaseLostAt), eventOf(1, 2, 'status', leaseLostAt)]),
    ],
    disturbances: [
      ...(killedAt === undefined ? [] : [disturbanceOf('SIGKILL', killedAt)]),
      ...(suspendedAt === undefined ? [] : [disturbanceOf('SIGSTOP', suspendedAt)]),
    ],
    api: [],
    scheduler: [],
    journal: [],
    undelivered: new Map(),
    faults: [],
  }
}

const disturbanceOf = (method: 'SIGKILL' | 'SIGSTOP', step: number) => ({
  at: timeOf(step),
  target: 'executor-1',
  method,
})

const emptyRun = {
  host_id: ROUTER,
  kind: 'install',
  action: null,
  state: 'ended',
  outcome: 'completed',
  started_at: null,
  ended_at: null,
}

const eventOf = (job_id: number, attempt: number, kind: string, step: number) => ({
  job_id,
  seq: attempt,
  attempt,
  at: new Date(msOf(step)),
  kind,
  payload: { executor: 'executor-1-0a1b', after: 'expired' },
})

function entriesOf(step: number, what: string): Pick<TranscriptEntry, 'what' | 'text'>[] {
  if (what === 'closes') return [{ what: 'closed' }]
  if (what === 'answers') return [{ what: 'answer' }, { what: 'said', text: `yes\r\n${PROMPT}` }]
  if (what.endsWith('?')) return commandEntries(what.slice(0, -1), 'continue?', ' [yes/no]:[yes] ')
  if (what !== 'opens') return commandEntries(what, 'done')
  const setup = commandEntries('terminal exec prompt no-timestamp', printed(step))
  return [{ what: 'opened' }, { what: 'said', text: PROMPT }, ...setup]
}

const commandEntries = (
  text: string,
  output: string,
  prompt = PROMPT,
): Pick<TranscriptEntry, 'what' | 'text'>[] => [
  { what: 'line', text },
  { what: 'said', text: `${text}\r\n${output}\r\n${prompt}` },
]

function logsOf(
  { job_id, attempt: last }: { job_id: number; attempt: number },
  entries: readonly TranscriptEntry[],
  owners: Story['owners'],
  log: (text: string) => string,
): Map<string, Buffer> {
  const files = new Map<string, string>()
  for (const { session, what, text = '' } of entries) {
    const [job, attempt = 0] = owners[session] ?? []
    if (job !== job_id || what !== 'said') continue
    const name = attempt === last ? 'session.log' : `attempt-${attempt}-session.log`
    files.set(name, `${files.get(name) ?? ''}${text}`)
  }
  return new Map([...files].map(([name, text]) => [name, Buffer.from(log(text))]))
}
