/** `terminal …` and leaving. */
import type { CommandContext } from './command-context.ts'
import type { Command } from './command-tree.ts'

/** Lines and columns a terminal accepts. */
const MAX_SIZE = 512

function numberOf(context: CommandContext): number | undefined {
  const text = context.args[0]?.text ?? ''
  const value = Number(text)
  return /^\d+$/.test(text) && value <= MAX_SIZE ? value : undefined
}

function setLength(context: CommandContext): string | undefined {
  const lines = numberOf(context)
  if (lines === undefined || context.args.length > 1) return context.invalid(context.args[0])
  context.session.tty.setScreen({ lines })
  return undefined
}

function setWidth(context: CommandContext): string | undefined {
  const columns = numberOf(context)
  if (columns === undefined || context.args.length > 1) return context.invalid(context.args[0])
  context.session.tty.setScreen({ columns })
  return undefined
}

function setTimestamp(shown: boolean) {
  return ({ router, session, plane }: CommandContext) => {
    session.timestamps[plane] = shown
    // Classic admin mode is the same shell; the sysadmin VM of eXR keeps a set-up of its own.
    if (router.profile.os === 'classic') Object.assign(session.timestamps, { exec: shown, admin: shown })
    return undefined
  }
}

function leave({ session, plane }: CommandContext): undefined {
  if (plane === 'admin' && session.plane === 'admin') session.plane = 'exec'
  else session.ending = true
  return undefined
}

/** Commands of every plane. */
export const TERMINAL_COMMANDS: readonly Command[] = [
  { words: 'terminal length', args: true, run: setLength },
  { words: 'terminal width', args: true, run: setWidth },
  { words: 'terminal exec prompt no-timestamp', run: setTimestamp(false) },
  { words: 'terminal exec prompt timestamp', run: setTimestamp(true) },
  { words: 'terminal monitor', run: () => undefined },
  { words: 'terminal no-timestamp', run: setTimestamp(false) },
  { words: 'exit', run: leave },
  {
    words: 'end',
    run({ session }) {
      session.plane = 'exec'
      return undefined
    },
  },
  {
    words: 'quit',
    run({ session }) {
      session.ending = true
      return undefined
    },
  },
]
