import type { Answer } from '../channel/command-reader.ts'
import type { DeviceFacts } from '../parse/device-facts.ts'
import type { PlatformDefinition } from '../platform/platform.ts'

/** How to run one command. Times in milliseconds. */
export interface CommandOptions {
  /** Default: the session's command time-out. Running out of it closes the session. */
  timeoutMs?: number
  /** Give up when nothing has arrived for this long. Default: no such limit. */
  idleTimeoutMs?: number
  /** While the command waits its turn an abort only cancels it; once it is sent it closes the session. */
  signal?: AbortSignal
  /** The caller's fence: called in the very turn in which the command is written; if it throws, nothing is written. */
  beforeWrite?: () => void
  /** Questions that may come and what to say. Any other question is interrupted and fails the command. */
  answers?: readonly Answer[]
  /** Stop here, too; what follows stays in the channel for `resume` or the next `run`. */
  until?: RegExp
  /** Each complete line of the output as it comes. */
  onLine?: (line: string) => void
}

/** What a command came to. A refused command is a result, not an exception. */
export interface CommandResult {
  command: string
  /** Without echo, time stamp line, prompt and carriage returns. */
  output: string
  /** The device refused the command or asked something nobody answered. */
  failed: boolean
  /** The line that says so. */
  matched?: string
  /** What `until` found; the command has not ended. */
  stoppedAt?: string
  /** Messages that came around the command: before its echo or after its prompt. */
  unsolicited: string
  startedAt: Date
  elapsedMs: number
}

/** Runs a command in the plane one is in. */
export type RunCommand = (command: string, options?: CommandOptions) => Promise<CommandResult>

/** A logged-in terminal. One command at a time; further ones wait their turn. */
export interface DeviceSession {
  /** The prompt as last seen, without blanks. */
  readonly prompt: string
  readonly platform: PlatformDefinition
  readonly address: string
  readonly port: number
  run: RunCommand
  /** Reads on after a command that was stopped by `until`, without sending anything. */
  resume: (options?: Omit<CommandOptions, 'beforeWrite'>) => Promise<CommandResult>
  /**
   * Enters the admin plane, does the work and leaves it, whatever happens.
   * Throws DEVICE_AUTH_FAILED when the plane asks for other credentials; the session stays usable then.
   */
  inAdminPlane: <T>(work: (run: RunCommand) => Promise<T>) => Promise<T>
  /** Asks the device what it is. */
  discover: () => Promise<DeviceFacts>
  /** Messages nobody asked for, since the login, oldest first, one a line (the last 64 KiB). */
  readonly asynchronousText: string
  /** Each such message as it comes. Returns the undo. */
  onUnsolicited: (listener: (line: string) => void) => () => void
  /** Waits for a message that matches, past ones included; undefined when the time is up. Throws DEVICE_DISCONNECTED, DEVICE_ABORTED. */
  waitForUnsolicited: (
    pattern: RegExp,
    options: { timeoutMs: number; signal?: AbortSignal },
  ) => Promise<RegExpExecArray | undefined>
  /** Masks the session's secrets and URL passwords in a text. */
  scrub: (text: string) => string
  /** One more text to mask from now on, in the log and everywhere else. */
  addSecret: (secret: string) => void
  /** Resolves when the connection is gone, however. */
  readonly closed: Promise<void>
  /** Logs out; never hangs, never throws. */
  close: () => Promise<void>
}
