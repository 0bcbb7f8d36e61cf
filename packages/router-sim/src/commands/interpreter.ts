/** Turns a line into output: grammar of the plane, time line, pipes, pager. */
import { calvadosTimestamp, execTimestamp } from '../device-time.ts'
import type { RouterCore } from '../router-core.ts'
import { promptText } from '../session/prompt.ts'
import type { Plane, Session } from '../session/session.ts'
import type { CommandContext } from './command-context.ts'
import type { Recognition } from './command-tree.ts'
import { grammarOf } from './grammar.ts'
import { applyPipes, splitPipes } from './pipes.ts'
import { wrapLines } from './wrap.ts'

/** The interpreter; a record so that the session code needs one import. */
export const interpret = { run, help, complete }

/** Runs a line of the session's plane and prints its output. */
async function run(router: RouterCore, session: Session, line: string): Promise<void> {
  if (line.trim().startsWith('!')) return
  const text = await evaluate(router, session, session.plane, line, 0, true)
  if (text !== undefined && text !== '') await session.tty.page(text)
}

/** The text shown for `?`. */
function help(router: RouterCore, plane: Plane, typed: string): string {
  const words = candidates(router, plane, typed)
  return words.length === 0 ? '% Unrecognized command\n' : `${words.map((word) => `  ${word}`).join('\n')}\n`
}

/** The line with its last word completed, if there is one way to do so. */
function complete(router: RouterCore, plane: Plane, typed: string): string {
  const words = candidates(router, plane, typed)
  const last = /\S*$/.exec(typed)?.[0] ?? ''
  const [word, ...others] = words
  if (word === undefined || others.length > 0 || last === '' || word === '<cr>') return typed
  return `${typed.slice(0, typed.length - last.length)}${word} `
}

/** `admin show …`: the one-line form leads into the other plane's grammar. */
const ADMIN_PREFIX = /^\s*ad\w*\s+/i

function candidates(router: RouterCore, plane: Plane, typed: string): string[] {
  const prefix = plane === 'exec' ? ADMIN_PREFIX.exec(typed)?.[0] : undefined
  const { os } = router.profile
  if (prefix === undefined) return grammarOf(os, plane).candidates(typed)
  return grammarOf(os, 'admin').candidates(typed.slice(prefix.length))
}

async function evaluate(
  router: RouterCore,
  session: Session,
  plane: Plane,
  line: string,
  column: number,
  top: boolean,
): Promise<string | undefined> {
  const { command: text, pipes } = splitPipes(line)
  const recognition = grammarOf(router.profile.os, plane).recognise(text)
  if (recognition.kind !== 'command') return refusal(router, session, plane, recognition, column)
  if (top && session.timestamps[plane]) session.tty.print(`${timeLine(router, plane)}\n`)
  const context = contextOf(router, session, plane, text, column, recognition.args)
  const output = await recognition.command.run(context)
  return output === undefined ? undefined : applyPipes(output, pipes)
}

function contextOf(
  router: RouterCore,
  session: Session,
  plane: Plane,
  line: string,
  column: number,
  args: CommandContext['args'],
): CommandContext {
  const { tty } = session
  return {
    router,
    session,
    plane,
    line,
    args,
    print: tty.print,
    printLines: (lines) =>
      tty.print(
        wrapLines(lines, tty.screen().columns)
          .map((each) => `${each}\n`)
          .join(''),
      ),
    async ask(question, echo = true, newline = true) {
      tty.print(question)
      const prompt = question.split('\n').at(-1) ?? ''
      const accepted = () => router.transcript.answer(session)
      return tty.readLine({ prompt, echo, newline, accepted })
    },
    async askKey(question) {
      tty.print(question)
      const key = await tty.readKey()
      router.transcript.answer(session)
      return key
    },
    invalid: (argument) =>
      argument === undefined
        ? '% Incomplete command.'
        : refusal(router, session, plane, { kind: 'invalid', column: argument.column, expected: [] }, column),
    runIn: (other, rest, at) => evaluate(router, session, other, rest, column + at, false),
  }
}

/** The line a plane prints before a command's output. */
export function timeLine(router: RouterCore, plane: Plane): string {
  const calvados = plane === 'admin' && router.profile.os === 'exr'
  return calvados ? calvadosTimestamp(router.now()) : execTimestamp(router.now())
}

function refusal(
  router: RouterCore,
  session: Session,
  plane: Plane,
  recognition: Exclude<Recognition, { kind: 'command' }>,
  column: number,
): string {
  const calvados = plane === 'admin' && router.profile.os === 'exr'
  if (recognition.kind === 'incomplete')
    return calvados ? 'syntax error: incomplete path' : '% Incomplete command.'
  if (recognition.kind === 'ambiguous') return `% Ambiguous command:  "${recognition.token}"`
  const at = promptText(router.profile, router.hostname, session.plane).length + column + recognition.column
  if (!calvados) return `${' '.repeat(at)}^\n% Invalid input detected at '^' marker.`
  const expected = recognition.expected.map((word) => `  ${word}`)
  return [`${'-'.repeat(at)}^`, 'syntax error: expecting ', ...expected].join('\n')
}
