/** A logged-in session on a vty line. */
import { simError } from '../sim-error.ts'
import type { Tty } from './tty.ts'
import type { Wire } from './wire.ts'

/** `exec` is the XR plane; `admin` is classic admin mode, or the sysadmin (Calvados) plane on eXR. */
export type Plane = 'exec' | 'admin'

/** State of one session. */
export interface Session {
  /** Number within the router's life, from 1. */
  readonly id: number
  /** `vty0`, the lowest free line at log-in. */
  readonly line: string
  readonly user: string
  readonly service: 'telnet' | 'ssh'
  readonly remote: string
  readonly tty: Tty
  readonly startedAt: Date
  lastInputAt: Date
  plane: Plane
  /** Whether commands print a time line first, per plane. */
  readonly timestamps: Record<Plane, boolean>
  readonly history: string[]
  /** Aborts when the session is gone. */
  readonly signal: AbortSignal
  /** Texts of the router itself, printed after the next prompt. */
  readonly notify: (lines: readonly string[]) => void
  /** Takes the texts that wait. */
  readonly takeNotices: () => string[]
  /** Set by `exit`: the session ends after the command. */
  ending: boolean
  /** Ends the session, delivering what was written. */
  readonly close: () => void
  /** Cuts the session. */
  readonly destroy: () => void
}

/** Makes the session of a wire that has logged in. */
export function createSession(options: {
  readonly id: number
  readonly line: string
  readonly user: string
  readonly wire: Wire
  readonly tty: Tty
  readonly now: () => Date
}): Session {
  const { wire, tty } = options
  const controller = new AbortController()
  wire.onClose(() => controller.abort())
  const waiting: string[] = []
  const session: Session = {
    id: options.id,
    line: options.line,
    user: options.user,
    service: wire.service,
    remote: wire.remote,
    tty,
    startedAt: options.now(),
    lastInputAt: options.now(),
    plane: 'exec',
    timestamps: { exec: true, admin: true },
    history: [],
    signal: controller.signal,
    notify(lines) {
      waiting.push(...lines)
      if (tty.reading()) for (const line of session.takeNotices()) tty.print(`${line}\n`)
    },
    takeNotices: () => waiting.splice(0),
    ending: false,
    close: () => wire.close(),
    destroy: () => wire.destroy(),
  }
  return session
}

/** Rejects with SIM_SESSION_CLOSED once the session is gone; used by commands that never return. */
export function sessionGone(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const gone = () => reject(simError('SIM_SESSION_CLOSED', 'the session is gone'))
    if (signal.aborted) gone()
    else signal.addEventListener('abort', gone, { once: true })
  })
}
