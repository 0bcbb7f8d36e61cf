/** The log-in dialogue of a Telnet vty line. SSH logs in by itself. */
import type { Tty } from './tty.ts'

/** Tries before the router closes the line. */
const MAX_TRIES = 3

/** What the dialogue needs. */
export interface LoginDeps {
  readonly banner: string
  readonly check: (user: string, password: string) => boolean
}

/** Runs the dialogue; the user name, or undefined when the line shall be closed. */
export async function logIn(tty: Tty, deps: LoginDeps): Promise<string | undefined> {
  tty.print(`\n${deps.banner === '' ? '' : `${deps.banner}\n`}\nUser Access Verification\n\n`)
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const user = await question(tty, 'Username: ', true)
    const password = await question(tty, 'Password: ', false)
    if (deps.check(user, password)) {
      tty.print('\n\n')
      return user
    }
    tty.print('% Authentication failed\n\n')
  }
  return undefined
}

/** Asks until something was typed; Ctrl-C asks again. An empty password is an answer. */
async function question(tty: Tty, prompt: string, echo: boolean): Promise<string> {
  for (;;) {
    tty.print(prompt)
    const answer = await tty.readLine({ prompt, echo })
    if (answer !== undefined && (answer !== '' || !echo)) return answer
  }
}
