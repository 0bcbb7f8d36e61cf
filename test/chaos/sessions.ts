// Who was on a router, and for which job: what the simulator kept of every session, laid beside the session logs that the
// API serves. A session is recognised in a log by the time that the router printed after its first command, to the
// millisecond; nothing of Slipway's own numbering of sessions, runs or times is used.
import type { TranscriptEntry } from '../harness/lab.ts'

/** A line of output, passwords of URLs masked. */
export interface SaidLine {
  text: string
  /** When the router had said all of it, in milliseconds since 1970. */
  atMs: number
}

/** A command, or an answer to a question of a command that changes the router. */
export interface Word {
  /** Over all sessions of the router. */
  seq: number
  atMs: number
  /** The command, passwords of URLs masked. */
  text: string
  /** It changes the router, or lets a change go on. */
  changes: boolean
}

export interface RouterSession {
  router: string
  id: number
  /** Positions among everything that happened on the router; `closed` is Infinity while it is open. */
  opened: number
  closed: number
  openedMs: number
  closedMs: number
  words: readonly Word[]
  /** From the first command on. */
  said: readonly SaidLine[]
  /** Whose log tells of it; undefined: nobody's. */
  owner: SessionOwner | undefined
}

export interface SessionOwner {
  job: number
  attempt: number
  /** The lines of the log from where the session begins in it. */
  logged: readonly string[]
}

/** `admin install add source …`, `install commit`; not `show install …`. */
const CHANGES = /^(?:admin )?(?:install (?!operation\b.*\bshow)|reload|hw-module .*reload)/
/** The first command of a session has its time printed, as the router's default is; it switches that off. */
const MARK = /no-timestamp\n(\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d\.\d{3} UTC)\n/
/** `sftp://lab:secret@`: routers mask with six stars, Slipway with three. */
const URL_PASSWORD = /((?:s?ftp|https?):\/\/[^\s:@]+):[^\s@]+@/g

/** Text of a word that is an answer. */
export const ANSWER = '(an answer)'

/** True for a command that changes the router, no answer. */
export const sendsChange = ({ text, changes }: Word): boolean => changes && text !== ANSWER

export const masked = (text: string) => text.replaceAll('\r', '').replace(URL_PASSWORD, '$1:***@')

/** Every session of every router, in order of opening, with its owner. */
export function readSessions({ transcripts, logs, accepted, runs }: SessionSources): RouterSession[] {
  const lastAttempt = new Map(runs.map(({ job_id, attempt }) => [job_id, attempt]))
  return [...transcripts].flatMap(([router, entries]) => {
    const files = accepted
      .filter(({ hostname }) => hostname === router)
      .flatMap(({ id }) => terminalsOf(id, logs.get(id) ?? new Map(), lastAttempt.get(id) ?? 1))
    return sessionsIn(router, entries).map((session) => ({ ...session, owner: ownerOf(session, files) }))
  })
}

interface SessionSources {
  /** By router. */
  transcripts: ReadonlyMap<string, readonly TranscriptEntry[]>
  /** Files of session logs by job. */
  logs: ReadonlyMap<number, ReadonlyMap<string, Buffer>>
  accepted: readonly { id: number; hostname: string }[]
  runs: readonly { job_id: number; attempt: number }[]
}

interface Terminal {
  job: number
  attempt: number
  text: string
}

/** `session.log` is of the last attempt, `attempt-1-session.log` of an earlier one. */
function terminalsOf(job: number, files: ReadonlyMap<string, Buffer>, lastAttempt: number): Terminal[] {
  return [...files].flatMap(([name, bytes]) => {
    const [found, earlier] = /^(?:attempt-(\d+)-)?session\.log$/.exec(name) ?? []
    if (found === undefined) return []
    const attempt = earlier === undefined ? lastAttempt : Number(earlier)
    return [{ job, attempt, text: masked(bytes.toString('latin1')) }]
  })
}

function ownerOf(
  { said }: Omit<RouterSession, 'owner'>,
  files: readonly Terminal[],
): SessionOwner | undefined {
  const mark = markOf(said)
  if (mark === undefined) return undefined
  const found = files.filter(({ text }) => text.includes(mark))
  const [file] = found
  if (file === undefined) return undefined
  if (found.length > 1) throw new Error(`two logs tell of one session: ${mark}`)
  const { job, attempt, text } = file
  const start = text.lastIndexOf('\n', text.indexOf(mark) - 2) + 1
  return { job, attempt, logged: text.slice(start).split('\n') }
}

function markOf(said: readonly SaidLine[]): string | undefined {
  const text = said
    .slice(0, 5)
    .map((line) => `${line.text}\n`)
    .join('')
  return MARK.exec(text)?.[1]
}

function sessionsIn(router: string, entries: readonly TranscriptEntry[]): Omit<RouterSession, 'owner'>[] {
  const bySession = new Map<number, TranscriptEntry[]>()
  for (const entry of entries) {
    const own = bySession.get(entry.session)
    if (own === undefined) bySession.set(entry.session, [entry])
    else own.push(entry)
  }
  return [...bySession].map(([id, own]) => {
    const opened = own[0]
    const closed = own.find(({ what }) => what === 'closed')
    if (opened?.what !== 'opened') throw new Error(`${router}: session ${id} was never opened`)
    return {
      router,
      id,
      opened: opened.seq,
      openedMs: Date.parse(opened.at),
      closed: closed?.seq ?? Infinity,
      closedMs: closed === undefined ? Infinity : Date.parse(closed.at),
      words: wordsOf(own),
      said: linesOf(own),
    }
  })
}

function wordsOf(entries: readonly TranscriptEntry[]): Word[] {
  let changes = false
  return entries.flatMap(({ seq, at, what, text = '' }) => {
    if (what !== 'line' && what !== 'answer') return []
    if (what === 'line') changes = CHANGES.test(text)
    return [{ seq, atMs: Date.parse(at), text: what === 'line' ? masked(text) : ANSWER, changes }]
  })
}

/** Lines of output from the first prompt on; what follows the last line end is one, too. */
function linesOf(entries: readonly TranscriptEntry[]): SaidLine[] {
  const lines: SaidLine[] = []
  let open = ''
  let atMs = 0
  for (const { at, what, text = '' } of entries) {
    if (what !== 'said') continue
    atMs = Date.parse(at)
    const parts = (open + text).split('\n')
    open = parts.pop() ?? ''
    lines.push(...parts.map((part) => ({ text: masked(part), atMs })))
  }
  return open === '' ? lines : [...lines, { text: masked(open), atMs }]
}
