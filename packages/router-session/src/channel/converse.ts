// Drives one reader to its end: time limits, silence, abort and the loss of the connection in one place.
import { deviceError } from '../device-error.ts'
import type { Channel } from './channel.ts'
import type { Reader, Step } from './reader.ts'

/** How much of the device's text an error carries. */
const ERROR_TEXT_LENGTH = 500

/** Limits of a dialogue, in milliseconds. */
export interface ConverseLimits {
  timeoutMs: number
  /** Give up when nothing has arrived for this long. */
  idleTimeoutMs?: number | undefined
  signal?: AbortSignal | undefined
}

/** Runs a reader on the channel. Throws DEVICE_TIMEOUT, DEVICE_ABORTED, DEVICE_DISCONNECTED or what the reader fails with. */
export function converse<T>(channel: Channel, reader: Reader<T>, limits: ConverseLimits): Promise<T> {
  return new Promise((resolve, reject) => {
    const timers = createTimers()
    let ended = false
    let detach: ((rest?: string) => void) | undefined
    let leftOver = ''

    const end = (rest: string, settle: () => void) => {
      if (ended) return
      ended = true
      leftOver = rest
      timers.clear()
      limits.signal?.removeEventListener('abort', abort)
      detach?.(rest)
      settle()
    }
    const fail = (error: unknown) => end('', () => reject(error))
    const abort = () => fail(failure(channel, 'DEVICE_ABORTED', 'was aborted', reader))
    const take = (work: () => Step<T>) => {
      if (ended) return
      timers.stopQuiet()
      try {
        follow(work())
      } catch (error) {
        fail(error)
      }
    }
    const follow = (step: Step<T>) => {
      if (step.kind === 'done') return end(step.rest ?? '', () => resolve(step.value))
      if (step.kind === 'fail') return fail(step.error)
      const { quiet } = step
      if (quiet !== undefined) timers.quiet(quiet.ms, () => take(quiet.then))
    }
    const timeout = (ms: number, what: string) => () =>
      fail(failure(channel, 'DEVICE_TIMEOUT', `timed out: ${what} ${ms / 1000} s`, reader))

    if (limits.signal?.aborted) return abort()
    if (!channel.open) return fail(disconnected(channel, reader))
    limits.signal?.addEventListener('abort', abort, { once: true })
    timers.total(limits.timeoutMs, timeout(limits.timeoutMs, 'not finished within'))
    const idleMs = limits.idleTimeoutMs
    const touch = () => {
      if (idleMs !== undefined && !ended) timers.idle(idleMs, timeout(idleMs, 'no output for'))
    }
    touch()
    if (reader.start !== undefined) take(reader.start)
    if (ended) return
    const undo = channel.attach({
      onText: (text) => {
        touch()
        take(() => reader.read(text))
      },
      onClose: () => fail(disconnected(channel, reader)),
    })
    detach = undo
    // Text that was waiting may have ended the dialogue before the undo was known.
    if (ended) undo(leftOver)
  })
}

function disconnected(channel: Channel, reader: Reader<unknown>) {
  const why = channel.reason ?? 'the device closed the connection'
  return failure(channel, 'DEVICE_DISCONNECTED', `ended: ${why}`, reader)
}

function failure(
  channel: Channel,
  code: 'DEVICE_TIMEOUT' | 'DEVICE_ABORTED' | 'DEVICE_DISCONNECTED',
  what: string,
  reader: Reader<unknown>,
) {
  const text = lastWords(channel, reader.tail())
  const heard = text === '' ? '' : `; last received: ${JSON.stringify(text)}`
  const goal = channel.scrub.scrubText(reader.goal)
  return deviceError(code, `Waiting for ${goal} ${what}${code === 'DEVICE_TIMEOUT' ? heard : ''}`, {
    deviceText: text,
  })
}

/** The end of a device text, fit for an error: secrets masked first, then cut. */
export function lastWords(channel: Channel, text: string): string {
  return channel.scrub
    .scrubText(text.slice(-4 * ERROR_TEXT_LENGTH))
    .slice(-ERROR_TEXT_LENGTH)
    .trim()
}

function createTimers() {
  let total: NodeJS.Timeout | undefined
  let idle: NodeJS.Timeout | undefined
  let quiet: NodeJS.Timeout | undefined
  return {
    total(ms: number, then: () => void) {
      total = setTimeout(then, ms)
    },
    idle(ms: number, then: () => void) {
      if (idle === undefined) idle = setTimeout(then, ms)
      else idle.refresh()
    },
    quiet(ms: number, then: () => void) {
      quiet = setTimeout(then, ms)
    },
    stopQuiet: () => clearTimeout(quiet),
    clear() {
      clearTimeout(total)
      clearTimeout(idle)
      clearTimeout(quiet)
    },
  }
}
