// The router of a run: one session at a time, replaced after an outage. Reading stops when the run is interrupted;
// writing does not, so that a dialogue is always finished.
import {
  type Answer,
  type CommandResult,
  type CommandWatch,
  connectDevice,
  type DeviceFacts,
  type DeviceSession,
  type DeviceTarget,
  hasDeviceCode,
  type Path,
  type RunCommand,
  reconnectDevice,
} from '@slipway/router-session'
import type { RunControl } from '../runs/run-control.ts'

export interface DeviceOptions {
  target: DeviceTarget
  /** The way to it; undefined: directly. */
  path: Path | undefined
  control: RunControl
  /** The terminal stream, secrets masked. */
  log: (bytes: Buffer) => void
  status: (text: string) => void
  /** Told of every command once it has ended. */
  onCommand?: CommandWatch
  /** Texts to mask beside the login's own. */
  secrets: string[]
  connectTimeoutMs: number
  loginTimeoutMs: number
  commandTimeoutMs: number
  /** Longest pause between two rounds of attempts while a router restarts. */
  retryDelayMs: number
}

export interface WriteOptions {
  timeoutMs: number
  /** Called in the same turn as each write; throwing prevents it. */
  fence: () => void
  /** An interrupt ends the session in mid-command: only for what does no harm when it ends half-way. */
  breakOff?: boolean
  answers?: readonly Answer[]
}

export interface Device {
  /** Logs in, one pass over all addresses and ports, and asks the router what it is. */
  connect(): Promise<DeviceFacts>
  /** The same, again and again for `withinMs`: after a restart, or for a run that was taken over. */
  reconnect(withinMs: number): Promise<DeviceFacts>
  readonly session: () => DeviceSession
  /** What the router said of itself last. */
  readonly facts: () => DeviceFacts
  /** Asks the router again what it is. */
  discover(): Promise<DeviceFacts>
  read(command: string, timeoutMs?: number): Promise<CommandResult>
  /** Reads in the admin plane of 64-bit XR. */
  inAdminPlane<T>(work: (run: RunCommand) => Promise<T>): Promise<T>
  /** Sends a mutating command; the journal has it already. */
  write(command: string, options: WriteOptions): Promise<CommandResult>
  /** How often the connection was lost or had to be tried for again. */
  readonly outages: () => number
  /** True while the session is up as far as we know. */
  readonly connected: () => boolean
  /** Waits for a message or the end of the session, at most `ms`. @returns true if the message came */
  waitFor(pattern: RegExp, ms: number): Promise<boolean>
  /** One more text to mask, in this session and those after it. */
  addSecret(secret: string): void
  /** The session stays open for at least so long: a router may take back a restart whose session ends at once. */
  holdFor(ms: number): void
  close(): Promise<void>
}

/** Codes that mean: the session is gone, the router may be restarting. */
export const lostCodes = [
  'DEVICE_DISCONNECTED',
  'DEVICE_TIMEOUT',
  'DEVICE_PROMPT_LOST',
  'DEVICE_UNREACHABLE',
  'DEVICE_CONNECTION_REFUSED',
  'JUMP_HOST_UNREACHABLE',
  'JUMP_HOST_FORWARDING_REFUSED',
] as const

/** True if the error says that the session is gone. */
export function isSessionLost(error: unknown): boolean {
  return lostCodes.some((code) => hasDeviceCode(error, code))
}

const FIRST_RETRY_MS = 250

export function createDevice(options: DeviceOptions): Device {
  const { control } = options
  let session: DeviceSession | undefined
  let facts: DeviceFacts | undefined
  let up = false
  let outages = 0
  let holdUntil = 0

  const adopt = (fresh: DeviceSession): DeviceSession => {
    session = fresh
    up = true
    void fresh.closed.then(() => {
      if (session !== fresh) return
      up = false
      outages += 1
    })
    return fresh
  }
  const current = (): DeviceSession => {
    if (session === undefined) throw new TypeError('the device was never connected')
    return session
  }
  /** An interrupt looks like a device error from below; it is told apart here. */
  const interruptible = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work
    } catch (error) {
      control.check()
      throw error
    }
  }
  const learn = async (from: DeviceSession): Promise<DeviceFacts> => {
    facts = await interruptible(from.discover())
    return facts
  }
  const connectOptions = () => ({
    log: options.log,
    status: options.status,
    ...(options.onCommand === undefined ? {} : { onCommand: options.onCommand }),
    signal: control.signal,
    secrets: options.secrets,
    connectTimeoutMs: options.connectTimeoutMs,
    loginTimeoutMs: options.loginTimeoutMs,
    commandTimeoutMs: options.commandTimeoutMs,
    ...(options.path === undefined ? {} : { path: options.path }),
  })
  const drop = async (): Promise<void> => {
    const old = session
    session = undefined
    up = false
    if (old === undefined) return
    await heldOpen(old, holdUntil - Date.now())
    await old.close()
  }

  return {
    async connect() {
      const fresh = adopt(await interruptible(connectDevice(options.target, connectOptions())))
      return learn(fresh)
    },
    async reconnect(withinMs) {
      await drop()
      const retryDelayMs = {
        first: Math.min(FIRST_RETRY_MS, options.retryDelayMs),
        last: options.retryDelayMs,
      }
      // A router that is about to restart may let us in once more and then go: that is one more attempt, no failure.
      let found: DeviceFacts | undefined
      const accept = async (fresh: DeviceSession) => {
        found = await fresh.discover()
        return true
      }
      const attempt = reconnectDevice(options.target, { ...connectOptions(), withinMs, retryDelayMs, accept })
      const fresh = adopt(await interruptible(attempt))
      facts = found
      return found ?? learn(fresh)
    },
    session: current,
    facts() {
      if (facts === undefined) throw new TypeError('the device was never connected')
      return facts
    },
    discover: () => learn(current()),
    read: (command, timeoutMs) =>
      interruptible(
        current().run(command, {
          signal: control.signal,
          ...(timeoutMs === undefined ? {} : { timeoutMs }),
        }),
      ),
    inAdminPlane: (work) => interruptible(current().inAdminPlane(work)),
    write(command, { timeoutMs, fence, breakOff = false, answers = [] }) {
      control.check()
      const fenced = answers.map((answer) => ({ ...answer, beforeWrite: fence }))
      const options = { timeoutMs, beforeWrite: fence, answers: fenced }
      if (!breakOff) return current().run(command, options)
      return interruptible(current().run(command, { ...options, signal: control.signal }))
    },
    outages: () => outages,
    connected: () => up,
    async waitFor(pattern, ms) {
      if (!up) return false
      const waiting = current().waitForUnsolicited(pattern, { timeoutMs: ms, signal: control.signal })
      try {
        return (await interruptible(waiting)) !== undefined
      } catch (error) {
        if (!isSessionLost(error)) throw error
        return false
      }
    },
    addSecret(secret) {
      options.secrets.push(secret)
      session?.addSecret(secret)
    },
    holdFor(ms) {
      holdUntil = Date.now() + ms
    },
    close: drop,
  }
}

/** Waits so long, or until the session ends by itself. */
async function heldOpen(session: DeviceSession, ms: number): Promise<void> {
  if (ms <= 0) return
  let timer: NodeJS.Timeout | undefined
  const held = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  await Promise.race([session.closed, held])
  clearTimeout(timer)
}
