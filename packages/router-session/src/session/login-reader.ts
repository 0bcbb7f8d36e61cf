// The login dialogue of a vty or console line. Banners hold anything (`#`, `>`, `password`, `login:`), so only
// what stands at the end of the text after a silence is believed, and a prompt seen before any login is
// believed only when Enter brings it again.
import type { Channel } from '../channel/channel.ts'
import { lastWords } from '../channel/converse.ts'
import { afterQuiet, done, fail, type Reader, type Step } from '../channel/reader.ts'
import { createTerminalLines } from '../channel/terminal-lines.ts'
import { type DeviceErrorCode, deviceError } from '../device-error.ts'
import { iosxr } from '../platform/iosxr.ts'
import { iosxr64 } from '../platform/iosxr64.ts'
import * as texts from '../platform/texts.ts'

/** How much of a banner is kept. */
const MEMORY = 8192
/** Enter is pressed this often into silence; a console may want it twice. */
const MAX_NUDGES = 8
/** After the password a TACACS server may take its time. */
const SLOW_SERVER_MS = 20_000
/** Any other system's prompt: `Router>`, `switch#`, `user@host:~$`. */
const FOREIGN_PROMPT = /^[\w.()@:~/[\] -]{1,63}[#>$%]\s*$/

export interface LoginCredentials {
  username: string
  password: string
  /** The transport has already logged in: a prompt may be believed at once. */
  authenticated: boolean
}

/** Reads up to the first prompt that can be trusted, and returns it. */
export function createLoginReader(channel: Channel, login: LoginCredentials): Reader<string> {
  const { timing } = channel
  const lines = createTerminalLines()
  let seen = ''
  let names = 0
  let passwordSent = false
  let nudges = 0
  let unasked = ''
  let foreign = ''

  const trusted = () => login.authenticated || passwordSent
  const recent = () => seen + lines.line

  function read(text: string): Step<string> {
    seen = (seen + lines.push(text)).slice(-MEMORY)
    return lookForEnd() ?? lookForQuestion() ?? afterQuiet(silence(), onSilence)
  }

  function lookForEnd(): Step<string> | undefined {
    if (texts.STANDBY.test(recent())) return refuse('DEVICE_STANDBY', 'This is the standby route processor')
    if (texts.LINES_BUSY.test(recent()))
      return refuse('DEVICE_CONNECTION_REFUSED', 'All lines of the device are busy')
    if (texts.ROMMON.test(lines.line)) return refuse('DEVICE_PROMPT_LOST', 'The device is in its boot loader')
    if (passwordSent && texts.PASSWORD_EXPIRED.test(recent()))
      return refuse('DEVICE_PASSWORD_EXPIRED', `The password of ${login.username} has expired`)
    return lookForPrompt()
  }

  function lookForPrompt(): Step<string> | undefined {
    const match = [iosxr.main.prompt, iosxr64.admin.prompt]
      .map((prompt) => prompt.exec(lines.line))
      .find((found) => found !== null && found[0] === lines.line.trimEnd())
    if (match === null || match === undefined) return undefined
    const [prompt] = match
    if (match.groups?.['mode'] !== undefined || !iosxr.main.prompt.test(prompt)) {
      return afterQuiet(timing.unaskedPromptQuietMs, () =>
        refuse('DEVICE_NOT_GLOBAL_MODE', `Device is not in global mode: ${prompt}`),
      )
    }
    if (trusted() || unasked === prompt) return afterQuiet(timing.loginPromptQuietMs, () => done(prompt))
    return afterQuiet(timing.unaskedPromptQuietMs, () => {
      unasked = prompt
      return send('', timing.silenceMs)
    })
  }

  function lookForQuestion(): Step<string> | undefined {
    const more = texts.MORE.exec(lines.line)
    if (more !== null) {
      lines.cut(more.index)
      channel.write('q')
    }
    if (texts.PASSWORD_PROMPT.test(lines.line) || texts.KERBEROS_PASSWORD_PROMPT.test(recent()))
      return afterQuiet(questionQuiet(), sendPassword)
    if (texts.USERNAME_PROMPT.test(lines.line))
      return afterQuiet(names === 0 ? questionQuiet() : timing.silenceMs, sendName)
    if (texts.PRESS_RETURN.test(recent()) || texts.PASSWORD_OK.test(recent()))
      return afterQuiet(questionQuiet(), () => send('', timing.silenceMs))
    if (passwordSent && texts.AUTH_REFUSED.test(recent()))
      return afterQuiet(timing.unaskedPromptQuietMs, () => refuse('DEVICE_AUTH_FAILED', refusedMessage()))
    return undefined
  }

  /** After Enter into silence two questions may be under way: the answer to the first must not meet the second. */
  function questionQuiet(): number {
    return nudges === 0 ? timing.loginPromptQuietMs : timing.unaskedPromptQuietMs
  }

  function sendName(): Step<string> {
    if (passwordSent) return refuse('DEVICE_AUTH_FAILED', refusedMessage())
    if (login.username === '')
      return refuse('DEVICE_AUTH_FAILED', 'The device asks for a username and none is known')
    names += 1
    if (names > 3) return refuse('DEVICE_AUTH_FAILED', refusedMessage())
    return send(login.username, SLOW_SERVER_MS)
  }

  function sendPassword(): Step<string> {
    if (passwordSent) return refuse('DEVICE_AUTH_FAILED', refusedMessage())
    if (login.password === '')
      return refuse('DEVICE_AUTH_FAILED', 'The device asks for a password and none is known')
    passwordSent = true
    return send(login.password, SLOW_SERVER_MS)
  }

  function send(text: string, quietMs: number): Step<string> {
    seen = ''
    lines.cut(0)
    channel.write(text + channel.newline)
    return afterQuiet(quietMs, onSilence)
  }

  /** Between name and password Enter would be an empty password, so the device is given all its time. */
  function silence(): number {
    return (names > 0 || passwordSent) && !isForeign() ? SLOW_SERVER_MS : timing.silenceMs
  }

  /** A prompt of some other system; certain only when Enter brings it again. */
  function isForeign(): boolean {
    return trusted() && FOREIGN_PROMPT.test(lines.line)
  }

  function onSilence(): Step<string> {
    if (isForeign()) {
      const prompt = lines.line.trim()
      if (prompt === foreign) return refuse('DEVICE_UNSUPPORTED', `This is not a prompt of IOS XR: ${prompt}`)
      foreign = prompt
    }
    if (nudges >= MAX_NUDGES || (names > 0 && !passwordSent)) return { kind: 'wait' }
    nudges += 1
    return send('', timing.silenceMs)
  }

  function refusedMessage(): string {
    const words = texts.AUTH_REFUSED.exec(recent())?.[0].trim()
    return `Authentication failed for ${login.username === '' ? 'the device' : login.username}${words === undefined ? '' : `: ${words}`}`
  }

  function refuse(code: DeviceErrorCode, message: string): Step<string> {
    return fail(
      deviceError(code, channel.scrub.scrubText(message), { deviceText: lastWords(channel, recent()) }),
    )
  }

  return {
    goal: 'the login prompt',
    tail: recent,
    start: () => afterQuiet(timing.silenceMs, onSilence),
    read,
  }
}
