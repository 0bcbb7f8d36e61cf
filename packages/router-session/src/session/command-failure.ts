import type { PlatformDefinition } from '../platform/platform.ts'

/** A refusal stands near the top of an output; a log or a configuration may quote one further down. */
const LINES_TO_LOOK_AT = 12
const CHARACTERS_TO_LOOK_AT = 4000

/** The line with which the device refused a command; undefined when it did not. */
export function failureLine(output: string, platform: PlatformDefinition): string | undefined {
  const lines = output.slice(0, CHARACTERS_TO_LOOK_AT).split('\n').slice(0, LINES_TO_LOOK_AT)
  return lines.find((line) => platform.failures.some(({ pattern }) => pattern.test(line)))?.trim()
}
