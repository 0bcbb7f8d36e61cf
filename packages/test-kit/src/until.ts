import { setTimeout as delay } from 'node:timers/promises'

export interface UntilOptions {
  /** Default 30 s: a busy machine needs seconds for what takes milliseconds. */
  readonly timeoutMs?: number
  /** What is waited for, in words: `the job is completed`. */
  readonly message: string
  readonly signal?: AbortSignal
}

const FIRST_PAUSE_MS = 10
const LONGEST_PAUSE_MS = 200

/**
 * Asks again and again until the condition gives something true, and returns that. For black-box tests, which can
 * only look from outside; within a process wait for the event. Fails with what it waited for, the last answer, and
 * the last error of a condition that threw.
 */
export async function until<T>(
  condition: () => T | Promise<T>,
  options: UntilOptions,
): Promise<Exclude<T, false | 0 | '' | null | undefined>> {
  const timeoutMs = options.timeoutMs ?? 30_000
  const deadline = performance.now() + timeoutMs
  let last: unknown
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 1.5, LONGEST_PAUSE_MS)) {
    options.signal?.throwIfAborted()
    const answer = await ask(condition)
    if ('value' in answer && answer.value) {
      return answer.value as Exclude<T, false | 0 | '' | null | undefined>
    }
    last = 'value' in answer ? answer.value : answer.error
    if (performance.now() + pauseMs > deadline) break
    await delay(pauseMs, undefined, options.signal === undefined ? {} : { signal: options.signal })
  }
  const error = last instanceof Error ? { cause: last } : undefined
  throw new Error(`Not within ${timeoutMs} ms: ${options.message}. Last: ${show(last)}`, error)
}

async function ask<T>(condition: () => T | Promise<T>): Promise<{ value: T } | { error: unknown }> {
  try {
    return { value: await condition() }
  } catch (error) {
    return { error }
  }
}

function show(value: unknown): string {
  if (value instanceof Error) return value.message
  return (JSON.stringify(value) ?? String(value)).slice(0, 500)
}
