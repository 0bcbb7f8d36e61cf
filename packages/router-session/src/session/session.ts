// A logged-in terminal: runs commands one at a time, keeps what the device says unasked, knows planes.
import type { Channel } from '../channel/channel.ts'
import { type CommandOutcome, createCommandReader, type EchoMemory } from '../channel/command-reader.ts'
import { converse } from '../channel/converse.ts'
import { deviceError } from '../device-error.ts'
import type { Hop } from '../device-target.ts'
import type { PlaneDefinition, PlatformDefinition } from '../platform/platform.ts'
import { type AdminCredentials, withAdminPlane } from './admin-plane.ts'
import { failureLine } from './command-failure.ts'
import { type CommandWatch, outcomeOfError } from './command-watch.ts'
import type { CommandOptions, CommandResult, DeviceSession, RunCommand } from './device-session.ts'
import { discover } from './discover.ts'
import type { Executed } from './plane-runner.ts'
import { createTurns } from './turns.ts'
import { createUnsolicited } from './unsolicited.ts'

export interface SessionDeps {
  channel: Channel
  hop: Hop
  /** The first prompt. */
  prompt: string
  platform: PlatformDefinition
  admin: AdminCredentials
  commandTimeoutMs: number
  onCommand?: CommandWatch | undefined
}

/** A session whose platform is still to be told by `show version`. */
export interface OpenSession extends DeviceSession {
  setPlatform: (platform: PlatformDefinition) => void
}

/** Makes the session of a channel that stands at a prompt. */
export function createSession(deps: SessionDeps): OpenSession {
  const { channel, hop } = deps
  let { platform, prompt } = deps
  let continues = false
  const echo: EchoMemory = { echoes: 'unknown' }
  const turns = createTurns()
  const unsolicited = createUnsolicited(() => [platform.main.prompt, platform.admin.prompt])
  // What follows a command that was stopped by `until` belongs to that command.
  channel.onIdle((text) => (continues ? channel.keep(text) : unsolicited.stream(text)))

  async function execute(
    command: string | undefined,
    options: CommandOptions,
    planes: readonly PlaneDefinition[],
  ): Promise<Executed> {
    if (command !== undefined && /[\r\n]/.test(command))
      throw deviceError('DEVICE_UNSUPPORTED', 'A command is one line')
    await channel.settled()
    channel.keep(unsolicited.takeOpenLine())
    let startedAt = new Date()
    let began = performance.now()
    let written = command === undefined
    const beforeWrite = () => {
      options.beforeWrite?.()
      startedAt = new Date()
      began = performance.now()
      written = true
    }
    const prompts = planes.map(({ prompt: pattern }, index) => ({
      pattern,
      quietMs: index === 0 ? channel.timing.promptQuietMs : channel.timing.doubtfulPromptQuietMs,
    }))
    const { answers, until, onLine, idleTimeoutMs, signal } = options
    const reader = createCommandReader(channel, {
      command,
      prompts,
      lastPrompt: prompt,
      echo,
      continues,
      answers,
      until,
      onLine,
      beforeWrite,
    })
    const timeoutMs = options.timeoutMs ?? deps.commandTimeoutMs
    try {
      const outcome = await converse(channel, reader, { timeoutMs, idleTimeoutMs, signal })
      const done = conclude(command ?? '', outcome, startedAt, performance.now() - began)
      if (command !== undefined) tell(command, options, began, done.result.failed ? 'failed' : 'ok')
      return done
    } catch (error) {
      if (command !== undefined && written) tell(command, options, began, outcomeOfError(error))
      // Nobody knows any more where the answer ends: this terminal is of no further use.
      if (written) void channel.close()
      throw error
    }
  }

  function tell(command: string, { beforeWrite }: CommandOptions, began: number, outcome: string): void {
    deps.onCommand?.({
      command: channel.scrub.scrubText(command),
      fenced: beforeWrite !== undefined,
      elapsedMs: Math.round(performance.now() - began),
      outcome,
    })
  }

  function conclude(command: string, outcome: CommandOutcome, startedAt: Date, elapsedMs: number): Executed {
    continues = outcome.prompt === undefined
    prompt = outcome.prompt ?? prompt
    const messages = unsolicited.add(outcome.unsolicited)
    channel.flushLog()
    const output = trimmed(outcome.output)
    const matched = outcome.question ?? failureLine(output, platform)
    const result: CommandResult = {
      command,
      output,
      failed: matched !== undefined,
      unsolicited: messages,
      startedAt,
      elapsedMs,
    }
    if (matched !== undefined) result.matched = matched
    if (outcome.stoppedAt !== undefined) result.stoppedAt = outcome.stoppedAt
    return { result, prompt }
  }

  const run: RunCommand = (command, options = {}) =>
    turns.take(async () => (await execute(command, options, [platform.main])).result, options.signal)

  const session: OpenSession = {
    get prompt() {
      return prompt
    },
    get platform() {
      return platform
    },
    get asynchronousText() {
      return unsolicited.text
    },
    address: hop.address,
    port: hop.port,
    closed: channel.closed,
    run,
    resume: (options = {}) =>
      turns.take(async () => (await execute(undefined, options, [platform.main])).result, options.signal),
    inAdminPlane: (work) =>
      turns.take(() => withAdminPlane({ execute }, { platform, admin: deps.admin, channel }, work)),
    discover: () => discover(session),
    onUnsolicited: unsolicited.onLine,
    waitForUnsolicited: (pattern, options) => unsolicited.waitFor(pattern, options, channel.closed),
    scrub: channel.scrub.scrubText,
    addSecret: channel.scrub.addSecret,
    close: () => channel.close(),
    setPlatform: (next) => {
      platform = next
    },
  }
  return session
}

function trimmed(output: string): string {
  return output.replace(/^\n+/, '').replace(/\n+$/, '')
}
