/** The vty lines of a router: log-in, line numbers, idle time-out. */
import type { RouterCore } from '../router-core.ts'
import { hasSimCode } from '../sim-error.ts'
import { logIn } from './login.ts'
import { createSession, type Session } from './session.ts'
import { createSessionLog } from './session-log.ts'
import { runOnce, runShell } from './shell.ts'
import { createTty, type Tty } from './tty.ts'
import type { Wire } from './wire.ts'

/** Idle sessions are looked for at least every second. */
const IDLE_CHECK_MS = 1000

/** The lines. */
export interface VtyLines {
  readonly sessions: () => readonly Session[]
  /** Open and ended ones. */
  readonly log: ReturnType<typeof createSessionLog>
  /** A Telnet connection: dialogue, then shell. */
  readonly telnet: (wire: Wire) => void
  /** An SSH shell of a user who has logged in. */
  readonly ssh: (wire: Wire, user: string) => void
  /** An SSH command of a user who has logged in. */
  readonly exec: (wire: Wire, user: string, command: string) => void
  readonly stop: () => void
}

/** Makes the lines; connections beyond `count` sessions are turned away. */
export function createVtyLines(router: RouterCore, count: number): VtyLines {
  const sessions: Session[] = []
  const log = createSessionLog(router.now)
  let serial = 0
  let idleTimer: NodeJS.Timeout | undefined

  const freeLine = () => {
    const taken = new Set(sessions.map((session) => session.line))
    const index = Array.from({ length: count }, (_, at) => at).find((at) => !taken.has(`vty${at}`))
    return index === undefined ? undefined : `vty${index}`
  }
  const open = (wire: Wire, tty: Tty, user: string, touch: Touch): Session | undefined => {
    const line = freeLine()
    if (line === undefined) {
      wire.write('% All lines busy\r\n')
      wire.close()
      return undefined
    }
    serial += 1
    const session = createSession({ id: serial, line, user, wire, tty, now: router.now })
    touch.session = session
    sessions.push(session)
    log.opened(session)
    router.transcript.opened(session)
    wire.onClose(() => {
      sessions.splice(sessions.indexOf(session), 1)
      log.closed(session)
      router.transcript.closed(session)
    })
    watchIdle()
    return session
  }
  const watchIdle = () => {
    if (router.timing.idleMs === 0 || idleTimer !== undefined) return
    idleTimer = setInterval(
      () => {
        const limit = router.now().getTime() - router.timing.idleMs
        for (const session of sessions) if (session.lastInputAt.getTime() < limit) session.close()
        if (sessions.length === 0) stop()
      },
      Math.min(IDLE_CHECK_MS, router.timing.idleMs),
    )
    idleTimer.unref()
  }
  const stop = () => {
    clearInterval(idleTimer)
    idleTimer = undefined
  }
  const terminal = (wire: Wire, touch: Touch) =>
    createTty(wire, {
      touched() {
        if (touch.session !== undefined) touch.session.lastInputAt = router.now()
      },
      said(text) {
        if (touch.session !== undefined) router.transcript.said(touch.session, text)
      },
    })
  const guard = (task: Promise<void>, wire: Wire) => {
    task.catch((error: unknown) => {
      if (!hasSimCode(error, 'SIM_SESSION_CLOSED'))
        router.syslog(`exec: %OS-EXEC-3-PROBLEM : ${String(error)}`)
      wire.destroy()
    })
  }
  const shell = async (wire: Wire, tty: Tty, user: string, touch: Touch) => {
    const session = open(wire, tty, user, touch)
    if (session !== undefined) await runShell(router, session)
  }
  return {
    sessions: () => sessions,
    log,
    telnet(wire) {
      const touch: Touch = { session: undefined }
      const tty = terminal(wire, touch)
      const serve = async () => {
        const user = await logIn(tty, { banner: router.banner, check: router.checkLogin })
        if (user === undefined) wire.close()
        else await shell(wire, tty, user, touch)
      }
      guard(serve(), wire)
    },
    ssh(wire, user) {
      const touch: Touch = { session: undefined }
      guard(shell(wire, terminal(wire, touch), user, touch), wire)
    },
    exec(wire, user, command) {
      const touch: Touch = { session: undefined }
      const session = open(wire, terminal(wire, touch), user, touch)
      if (session !== undefined) guard(runOnce(router, session, command), wire)
    },
    stop,
  }
}

/** The session of a terminal, once there is one. */
interface Touch {
  session: Session | undefined
}
