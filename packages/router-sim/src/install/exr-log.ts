/** `show install log [N] [detail]` of eXR. */
import { exrInstallTime } from '../device-time.ts'
import { endedText, startedLines } from './exr-text.ts'
import type { Operation } from './operation.ts'

/** Lines of one operation. */
export function exrLog(operation: Operation, detail: boolean): string[] {
  const finished = operation.finishedAt
  const lines = detail ? operation.lines.map(({ at, text }) => `${exrInstallTime(at)} ${text}`) : []
  const end =
    finished === undefined
      ? []
      : [
          `${exrInstallTime(finished)} ${endedText(operation)}`,
          ...(detail ? [`${exrInstallTime(finished)} Ending operation ${operation.id}`] : []),
        ]
  return [...startedLines(operation), ...lines, ...end, '']
}
