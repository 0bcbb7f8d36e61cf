// A service may be the child of a supervisor (`npm run cluster`), to which a channel of Node leads. Then the
// supervisor decides when it stops: Ctrl-C at the terminal reaches all processes at once and is left to it. If the
// supervisor dies the channel closes, and the service stops in order: nothing stays behind that nobody looks after.
import type { ProcessLike } from './run-process.ts'

/** What a service tells its supervisor. */
export type SupervisorNews =
  | { kind: 'ready'; http?: string; api?: string }
  | { kind: 'failed'; message: string }
  /** The only chance to show the password; it never stands in a log. */
  | { kind: 'initial-admin'; username: string; password: string }

/** The part of `process` that a child has. */
export interface ChildLike extends ProcessLike {
  send?: ((message: SupervisorNews) => unknown) | undefined
  connected?: boolean | undefined
}

export interface SupervisorLink {
  /** True if there is one. */
  readonly supervised: boolean
  tell(news: SupervisorNews): void
  /** For runProcess: SIGINT is the supervisor's, its death is a SIGTERM. */
  readonly process: ProcessLike
}

/** The link of this process. */
export function linkToSupervisor(host: ChildLike): SupervisorLink {
  const supervised = host.send !== undefined
  return {
    supervised,
    tell(news) {
      if (host.connected === true) host.send?.(news)
    },
    process: supervised ? superviseSignals(host) : host,
  }
}

function superviseSignals(host: ChildLike): ProcessLike {
  const undo = new Map<unknown, () => void>()
  const listen = (event: string, listener: () => void): (() => void) => {
    host.on(event, listener)
    return () => void host.off(event, listener)
  }
  /** SIGTERM, or the supervisor is gone; the second of the two is no second wish. */
  function onTerm(listener: () => void): () => void {
    let told = false
    const undos = [
      listen('SIGTERM', () => {
        told = true
        listener()
      }),
      listen('disconnect', () => {
        if (!told) listener()
        told = true
      }),
    ]
    if (host.connected === false) setImmediate(() => void (told ? undefined : listener()))
    return () => {
      for (const each of undos) each()
    }
  }
  return {
    on(event, listener) {
      if (event === 'SIGINT')
        undo.set(
          listener,
          listen(event, () => undefined),
        )
      else if (event === 'SIGTERM') undo.set(listener, onTerm(listener))
      else undo.set(listener, listen(event, listener))
    },
    off(_event, listener) {
      undo.get(listener)?.()
      undo.delete(listener)
    },
    exit: (code) => host.exit(code),
  }
}
