/**
 * Everything that was received and said on a router's sessions, in one order over all of them: for a checker that asks
 * afterwards who wrote what while somebody else was there, and whether a client's own log tells all of it.
 */
import type { Session } from './session.ts'

/** One thing that happened on a session, JSON-ready. */
export interface TranscriptEntry {
  /** From 1, over all sessions of the router. */
  readonly seq: number
  /** The router's clock, ISO 8601; of `said` when it was begun to be said. */
  readonly at: string
  /** As in `sessionLog`. */
  readonly session: number
  /** `line`: a command; `answer`: a line or key in reply to a question of a command, which is not kept; `said`: output. */
  readonly what: 'opened' | 'line' | 'answer' | 'said' | 'closed'
  /** Of `line` and `said`, exact: it may hold a password of a repository URL. */
  readonly text?: string
}

/** Output that follows output of the same session so soon is one entry, or every echoed character would be one. */
const ONE_ENTRY_MS = 20

type Speaker = Pick<Session, 'id'>

/** The transcript of a router. */
export interface Transcript {
  readonly entries: () => readonly TranscriptEntry[]
  readonly opened: (session: Speaker) => void
  readonly line: (session: Speaker, text: string) => void
  readonly answer: (session: Speaker) => void
  readonly said: (session: Speaker, text: string) => void
  readonly closed: (session: Speaker) => void
  /** Forgets everything so far. */
  readonly reset: () => void
}

/** @param kept without it nothing is kept: it grows for as long as the router lives */
export function createTranscript(now: () => Date, kept: boolean): Transcript {
  let entries: TranscriptEntry[] = []
  let seq = 0
  const add = ({ id: session }: Speaker, what: TranscriptEntry['what'], text?: string) => {
    if (!kept) return
    seq += 1
    const at = now().toISOString()
    entries.push({ seq, at, session, what, ...(text === undefined ? {} : { text }) })
  }
  return {
    entries: () => entries,
    opened: (session) => add(session, 'opened'),
    line: (session, text) => add(session, 'line', text),
    answer: (session) => add(session, 'answer'),
    said(session, text) {
      const last = entries.at(-1)
      const follows =
        last?.what === 'said' &&
        last.session === session.id &&
        now().getTime() - Date.parse(last.at) < ONE_ENTRY_MS
      if (follows) entries[entries.length - 1] = { ...last, text: `${last.text ?? ''}${text}` }
      else add(session, 'said', text)
    },
    closed: (session) => add(session, 'closed'),
    reset() {
      entries = []
    },
  }
}
