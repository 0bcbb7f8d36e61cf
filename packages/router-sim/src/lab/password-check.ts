/** The log-in of the lab's SSH servers: one user, password or keyboard-interactive; counts. */
import type { AuthContext } from 'ssh2'

/** Log-ins so far. */
export interface LoginCounts {
  readonly logins: number
  readonly refusedLogins: number
}

/** Checks log-ins. */
export interface PasswordCheck {
  /** For the event `authentication` of ssh2. */
  readonly check: (context: AuthContext) => void
  /** The decision by itself, counted too. */
  readonly decide: (user: string, password: string) => boolean
  readonly counts: () => LoginCounts
  readonly reset: () => void
}

const METHODS: ('password' | 'keyboard-interactive')[] = ['password', 'keyboard-interactive']

/** Makes the check of one user. */
export function createPasswordCheck(known: {
  readonly user: string
  readonly password: string
}): PasswordCheck {
  let logins = 0
  let refusedLogins = 0
  const decide = (user: string, password: string) => {
    const right = user === known.user && password === known.password
    if (right) logins += 1
    else refusedLogins += 1
    return right
  }
  const settle = (context: AuthContext, password: string) => {
    if (decide(context.username, password)) context.accept()
    else context.reject(METHODS)
  }
  return {
    decide,
    check(context) {
      if (context.method === 'password') settle(context, context.password)
      else if (context.method === 'keyboard-interactive') {
        context.prompt([{ prompt: 'Password: ', echo: false }], '', '', (answers) =>
          settle(context, answers[0] ?? ''),
        )
      } else context.reject(METHODS)
    },
    counts: () => ({ logins, refusedLogins }),
    reset() {
      logins = 0
      refusedLogins = 0
    },
  }
}
