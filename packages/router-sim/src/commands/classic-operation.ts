/** How an install operation of classic IOS XR begins, goes on and ends at the terminal. */
import { endedLine, startedLine } from '../install/classic-text.ts'
import type { InstallArguments } from '../install/install-arguments.ts'
import { type OperationWork, pause } from '../install/install-engine.ts'
import type { Operation, OperationKind } from '../install/operation.ts'
import type { CommandContext } from './command-context.ts'
import { runInBackground } from './install-support.ts'

const ASYNC = 'The install operation will continue asynchronously.'
const NO_ABORT = 'The operation can no longer be aborted (ctrl-c for options)'
/** How often the progress line of a synchronous operation is renewed. */
const SPIN_MS = 100

/** Options of a command as the log shows them. */
export function suffix(args: InstallArguments): string {
  const level = args.noPrompt ? ' prompt-level none' : ''
  const parallel = args.parallelReload ? ' parallel-reload' : ''
  const mode = args.synchronous === undefined ? '' : args.synchronous ? ' synchronous' : ' asynchronous'
  return `${level}${parallel}${mode}`
}

/** Opens an operation and prints its first line. */
export function begin(context: CommandContext, kind: OperationKind, text: string): Operation {
  const operation = context.router.engine.open(kind, text, context.session.user)
  context.printLines([startedLine(operation)])
  return operation
}

/** Ends an operation in the foreground. */
export function refuse(context: CommandContext, operation: Operation, lines: readonly string[]): undefined {
  context.router.engine.refuse(operation, lines)
  context.printLines([...lines, endedLine(operation)])
  return undefined
}

/** Goes on in the background, or waits when the operation is synchronous. */
export async function proceed(
  context: CommandContext,
  operation: Operation,
  work: OperationWork,
  synchronous: boolean,
): Promise<undefined> {
  const printed = operation.lines.length
  const lastWords = () => [...operation.lines.slice(printed).map(({ text }) => text), endedLine(operation)]
  if (!synchronous) {
    context.printLines([ASYNC])
    runInBackground(context, operation, work, lastWords)
    return undefined
  }
  const running = context.router.engine.run(operation, context.line, work)
  await showProgress(context, operation)
  await running
  context.printLines(lastWords())
  return undefined
}

async function showProgress(context: CommandContext, operation: Operation): Promise<void> {
  const { engine } = context.router
  for (let turn = 0; operation.state === 'running' && !context.session.signal.aborted; turn += 1) {
    context.print(`${'/-\\|'.charAt(turn % 4)} ${engine.percent()}% complete: ${NO_ABORT}\r`)
    await pause(Math.max(1, Math.min(SPIN_MS, context.router.timing.operationMs)), context.session.signal)
  }
  context.print(`\\ 100% complete: ${NO_ABORT}\r\n`)
}
