// A reader is told what arrives and says what to do: wait (perhaps for silence), be done, or give up.

/** What a reader wants next. */
export type Step<T> = Wait<T> | { kind: 'done'; value: T; rest?: string } | { kind: 'fail'; error: unknown }

/** Wait for more text; with `quiet`, call `then` once nothing has arrived for `ms`. */
export interface Wait<T> {
  kind: 'wait'
  quiet?: { ms: number; then: () => Step<T> }
}

/** A dialogue with the device; it may write to the channel in either call. */
export interface Reader<T> {
  start?: () => Step<T>
  read: (text: string) => Step<T>
  /** The last words seen, for error messages. */
  tail: () => string
  /** What is being waited for, for error messages: `the prompt after "show version"`. */
  goal: string
}

/** Waits for whatever comes. */
export const WAIT = { kind: 'wait' } as const satisfies Wait<never>

/** Waits until nothing has arrived for `ms`, then decides. */
export function afterQuiet<T>(ms: number, then: () => Step<T>): Step<T> {
  return { kind: 'wait', quiet: { ms, then } }
}

/** Ends the dialogue with a value. */
export function done<T>(value: T, rest = ''): Step<T> {
  return { kind: 'done', value, rest }
}

/** Ends the dialogue with an error. */
export function fail<T>(error: unknown): Step<T> {
  return { kind: 'fail', error }
}
