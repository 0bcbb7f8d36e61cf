/** How an install operation of eXR begins, goes on and ends at the terminal. */
import { exrInstallTime } from '../device-time.ts'
import { endedText, IN_BACKGROUND, noImpactText, startedLines } from '../install/exr-text.ts'
import type { OperationWork } from '../install/install-engine.ts'
import type { Operation, OperationKind } from '../install/operation.ts'
import type { CommandContext } from './command-context.ts'
import { runInBackground } from './install-support.ts'

/** Opens an operation and prints its first lines. */
export function begin(context: CommandContext, kind: OperationKind, text: string): Operation {
  const operation = context.router.engine.open(kind, text, context.session.user)
  context.print(`${startedLines(operation).join('\n')}\n`)
  return operation
}

/** Prints lines with the time and keeps them in the log. */
export function say(context: CommandContext, operation: Operation, lines: readonly string[]): void {
  const at = context.router.now()
  operation.lines.push(...lines.map((text) => ({ at, text })))
  context.print(lines.map((line) => `${exrInstallTime(at)} ${line}\n`).join(''))
}

/** Last line of an ended operation, with the time. */
export function stamped(operation: Operation): string {
  return `${exrInstallTime(operation.finishedAt ?? operation.startedAt)} ${endedText(operation)}`
}

/** Ends an operation in the foreground. */
export function refuse(context: CommandContext, operation: Operation, lines: readonly string[]): undefined {
  say(context, operation, lines)
  context.router.engine.refuse(operation, [], 'aborted')
  context.print(`${stamped(operation)}\n`)
  return undefined
}

/** Nothing to change: the operation succeeds at once. */
export function noImpact(
  context: CommandContext,
  operation: Operation,
  kind: 'activate' | 'deactivate',
): undefined {
  say(context, operation, [noImpactText(kind)])
  context.router.engine.refuse(operation, [], 'succeeded')
  context.print(`${stamped(operation)}\n`)
  return undefined
}

/** Goes on in the background. */
export function proceed(context: CommandContext, operation: Operation, work: OperationWork): undefined {
  say(context, operation, [IN_BACKGROUND])
  const printed = operation.lines.length
  runInBackground(context, operation, work, () => {
    const news = operation.lines
      .slice(printed)
      .filter(({ text }) => /^(?:ERROR|Error|It is a NO IMPACT)/.test(text))
    return [...news.map(({ at, text }) => `${exrInstallTime(at)} ${text}`), stamped(operation)]
  })
  return undefined
}
