// Reads the answer to one command: skips its echo, turns pages, answers questions, and knows the end, which is
// a prompt, also one with a message behind it.
import { deviceError } from '../device-error.ts'
import { MESSAGE_START, MORE, PRESS_RETURN, QUESTION } from '../platform/texts.ts'
import type { Channel } from './channel.ts'
import { lastWords } from './converse.ts'
import { findEcho } from './echo.ts'
import { createOutputBuffer } from './output-buffer.ts'
import { afterQuiet, done, fail, type Reader, type Step, WAIT } from './reader.ts'
import { createTerminalLines } from './terminal-lines.ts'

/** Interrupts a question. Never Enter: that would be a yes to some. */
const INTERRUPT = '\x03'
/** An echo is not looked for beyond this many characters plus three times the command. */
const ECHO_REACH = 4096

/** An answer to a question the device may ask. */
export interface Answer {
  when: RegExp
  /** Sent with Enter behind it; a function decides when the question is there. */
  send: string | (() => string)
  /** A secret: masked in logs from now on, no echo expected. */
  hidden?: boolean
  /** How often it may be given. Default 1: the same question again usually means no. */
  times?: number
  /** Called in the very turn in which the answer is written; if it throws, nothing is written. */
  beforeWrite?: () => void
}

/** What a device is known to do with our keystrokes. */
export interface EchoMemory {
  echoes: 'unknown' | 'yes' | 'no'
}

export interface CommandReading {
  /** Undefined: write nothing, just read on. */
  command: string | undefined
  /** Prompts that end the command (at a line start), each with the silence it needs. */
  prompts: readonly { pattern: RegExp; quietMs: number }[]
  /** The prompt as it was last seen, to recognise it glued to the end of a line. */
  lastPrompt: string
  echo: EchoMemory
  /** A command that was stopped goes on: there is no echo to look for. */
  continues: boolean
  answers?: readonly Answer[] | undefined
  until?: RegExp | undefined
  onLine?: ((line: string) => void) | undefined
  beforeWrite?: (() => void) | undefined
}

export interface CommandOutcome {
  output: string
  /** The prompt at the end; undefined when stopped by `until`. */
  prompt: string | undefined
  /** Text around the command that is not its output. */
  unsolicited: string
  stoppedAt?: string
  /** A question nobody answered; it was interrupted. */
  question?: string
}

/** Makes the reader of one command. */
export function createCommandReader(channel: Channel, reading: CommandReading): Reader<CommandOutcome> {
  const { timing } = channel
  const output = createOutputBuffer(reading.onLine)
  const patterns = [...(reading.answers ?? []).map((answer) => stateless(answer.when))]
  if (reading.until !== undefined) patterns.push(stateless(reading.until))
  const given = new Map<number, number>()
  const prompts = reading.prompts.map(({ pattern, quietMs }) => ({
    ends: ended(pattern),
    inline: inline(pattern),
    quietMs,
  }))
  // An answer to a question may or may not be echoed; there is no echo to wait for.
  let head = reading.command === undefined || reading.continues ? undefined : ''
  let unsolicited = ''
  let messageAt: number | undefined
  let question: string | undefined
  /** The open line when an answer was sent: until it ends, its question is not a new one. */
  let answeredLine = -1

  function read(text: string): Step<CommandOutcome> {
    if (head === undefined) output.push(text)
    else {
      head += text
      if (!consumeEcho(head)) return afterQuiet(timing.echoQuietMs[reading.echo.echoes], withoutEcho)
    }
    return look()
  }

  function consumeEcho(text: string): boolean {
    const command = reading.command ?? ''
    const patterns = reading.prompts.map(({ pattern }) => pattern)
    const echo = findEcho(text, command, patterns)
    if (echo === undefined && text.length < ECHO_REACH + 3 * command.length) return false
    if (command !== '') reading.echo.echoes = echo === undefined ? 'no' : 'yes'
    head = undefined
    const before = echo?.before ?? ''
    unsolicited += before
    output.push(echo?.after ?? text)
    return true
  }

  function withoutEcho(): Step<CommandOutcome> {
    const text = head ?? ''
    head = undefined
    if (reading.command !== '') reading.echo.echoes = 'no'
    output.push(text)
    return look()
  }

  /** Decides by what is there now. */
  function look(): Step<CommandOutcome> {
    for (;;) {
      const found = patterns.length === 0 ? undefined : output.search(patterns)
      if (found === undefined) break
      if (found.index >= (reading.answers?.length ?? 0)) return stop(found.match[0])
      answer(found.index)
    }
    turnPage()
    return lookForPrompt() ?? lookForTrouble() ?? WAIT
  }

  function answer(index: number): void {
    const chosen = reading.answers?.[index]
    const count = given.get(index) ?? 0
    if (chosen === undefined || count >= (chosen.times ?? 1)) return
    given.set(index, count + 1)
    answeredLine = output.lineCount
    const text = typeof chosen.send === 'string' ? chosen.send : chosen.send()
    if (chosen.hidden) channel.scrub.addSecret(text)
    chosen.beforeWrite?.()
    channel.write(text + channel.newline)
  }

  function turnPage(): void {
    const more = MORE.exec(output.openLine)
    if (more === null) return
    output.cutOpenLine(more.index)
    channel.write(' ')
  }

  function lookForPrompt(): Step<CommandOutcome> | undefined {
    const line = output.openLine
    for (const { ends, quietMs } of prompts) {
      if (ends.test(line)) return afterQuiet(quietMs, () => finish(line.trim(), line.length))
    }
    findMessagePrompt()
    if (messageAt !== undefined)
      return afterQuiet(timing.doubtfulPromptQuietMs, () => finish(reading.lastPrompt, 0))
    const glued = reading.lastPrompt
    if (glued === '' || !line.trimEnd().endsWith(glued)) return undefined
    return afterQuiet(timing.doubtfulPromptQuietMs, () =>
      finish(glued, line.length - line.lastIndexOf(glued)),
    )
  }

  /** Remembers where a prompt stands that has a message behind it on its line. */
  function findMessagePrompt(): void {
    if (messageAt !== undefined) return
    const recent = output.recent()
    for (const prompt of prompts) {
      const match = prompt.inline.exec(recent)
      if (match !== null) messageAt = output.position(match.index)
    }
  }

  function lookForTrouble(): Step<CommandOutcome> | undefined {
    const line = output.openLine.slice(-200)
    if (PRESS_RETURN.test(output.recent().slice(-100))) return afterQuiet(timing.questionQuietMs, loggedOut)
    if (output.lineCount === answeredLine || !QUESTION.test(line)) return undefined
    if (question !== undefined) return afterQuiet(timing.interruptQuietMs, stuck)
    return afterQuiet(timing.questionQuietMs, () => interrupt(line))
  }

  function interrupt(line: string): Step<CommandOutcome> {
    question = line.trim()
    channel.write(INTERRUPT)
    return afterQuiet(timing.interruptQuietMs, stuck)
  }

  function stuck(): Step<CommandOutcome> {
    const text = lastWords(channel, output.recent())
    return fail(
      deviceError(
        'DEVICE_PROMPT_LOST',
        `The device asks "${lastWords(channel, question ?? '')}" and does not let go`,
        { deviceText: text },
      ),
    )
  }

  function loggedOut(): Step<CommandOutcome> {
    const text = lastWords(channel, output.recent())
    return fail(deviceError('DEVICE_DISCONNECTED', 'The device logged the session out', { deviceText: text }))
  }

  function stop(stoppedAt: string): Step<CommandOutcome> {
    const rest = output.rest()
    const text = output.text()
    const value = {
      output: text.slice(0, text.length - rest.length),
      prompt: undefined,
      unsolicited,
      stoppedAt,
    }
    return done(value, rest)
  }

  function finish(prompt: string, promptLength: number): Step<CommandOutcome> {
    findMessagePrompt()
    const all = output.text()
    const end = all.length - promptLength
    const cut = Math.min(messageAt ?? end, end)
    const value: CommandOutcome = {
      output: all.slice(0, cut),
      prompt,
      unsolicited: unsolicited + all.slice(cut),
    }
    if (question !== undefined) value.question = question
    return done(value)
  }

  return {
    goal: reading.command === undefined ? 'the prompt' : `the prompt after "${reading.command}"`,
    tail: () => (head === undefined ? output.recent() : plain(head)),
    start() {
      if (reading.command === undefined) return WAIT
      reading.beforeWrite?.()
      channel.write(reading.command + channel.newline)
      return WAIT
    },
    read,
  }
}

/** A prompt alone on the open line. */
function ended(prompt: RegExp): RegExp {
  return new RegExp(`${prompt.source}\\s*$`)
}

/** A prompt with a message behind it, anywhere. */
function inline(prompt: RegExp): RegExp {
  return new RegExp(`${prompt.source}(?=${MESSAGE_START.source})`, 'm')
}

function stateless(pattern: RegExp): RegExp {
  return new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, ''))
}

function plain(text: string): string {
  const lines = createTerminalLines()
  return lines.push(text) + lines.line
}
