// Which authentication method to try. The server is asked first (method none), then exactly one method gets the
// password: two failures for one wrong password would lock accounts twice as fast.
import type { AuthenticationType, AuthHandlerMiddleware, KeyboardInteractiveCallback, Prompt } from 'ssh2'
import { type DeviceError, deviceError } from '../device-error.ts'
import type { Hop } from '../device-target.ts'

/** A request to choose a new password: `Enter new password:`, `Your password has expired`. */
const NEW_PASSWORD = /new password|password (?:has )?expired|change your password/i
/** A request for the name instead of the password: `Username: `, `login:`. */
const NAME_PROMPT = /user\s*name|login/i

/** The handler for ssh2 and why it failed, if it knows better than ssh2. */
export interface SshAuth {
  handler: AuthHandlerMiddleware
  failure: () => DeviceError | undefined
  /** The password has been given: a connection closed after that was refused. */
  passwordGiven: () => boolean
}

/** Makes the handler of one connection. */
export function createSshAuth(hop: Hop): SshAuth {
  let failure: DeviceError | undefined
  const tried = new Set<AuthenticationType>()

  const keyboard: Extract<
    Parameters<Parameters<AuthHandlerMiddleware>[2]>[0],
    { prompt: unknown }
  >['prompt'] = createKeyboardAnswers(hop, (error) => {
    failure = error
  })

  return {
    failure: () => failure,
    passwordGiven: () => tried.has('password') || tried.has('keyboard-interactive'),
    handler(methodsLeft, _partial, next) {
      const method = chooseMethod(methodsLeft, tried)
      if (method === undefined) return next(false as never)
      tried.add(method)
      const { username, password } = hop
      if (method === 'password') return next({ type: 'password', username, password })
      if (method === 'none') return next({ type: 'none', username })
      return next({ type: 'keyboard-interactive', username, prompt: keyboard })
    },
  }
}

function chooseMethod(
  left: readonly AuthenticationType[] | null,
  tried: Set<AuthenticationType>,
): 'none' | 'password' | 'keyboard-interactive' | undefined {
  if (left === null || !tried.has('none')) return 'none'
  if (tried.has('password') || tried.has('keyboard-interactive')) return undefined
  // A server that names no methods is given the usual one.
  if (left.length === 0 || left.includes('password')) return 'password'
  return left.includes('keyboard-interactive') ? 'keyboard-interactive' : undefined
}

function createKeyboardAnswers(hop: Hop, onFailure: (error: DeviceError) => void) {
  let passwords = 0
  return (
    _name: string,
    instructions: string,
    _language: string,
    prompts: Prompt[],
    finish: KeyboardInteractiveCallback,
  ): void => {
    const text = [instructions, ...prompts.map((prompt) => prompt.prompt)].join('\n')
    if (NEW_PASSWORD.test(text)) {
      onFailure(deviceError('DEVICE_PASSWORD_EXPIRED', `The password of ${hop.username} has expired`))
      finish([])
      return
    }
    const answers = prompts.map((prompt) => {
      if (prompt.echo && NAME_PROMPT.test(prompt.prompt)) return hop.username
      passwords += 1
      return hop.password
    })
    // A second question for the password is a refusal of the first answer.
    finish(passwords > 1 ? [] : answers)
  }
}
