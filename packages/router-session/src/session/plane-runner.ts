import type { PlaneDefinition } from '../platform/platform.ts'
import type { CommandOptions, CommandResult } from './device-session.ts'

/** What the admin plane needs of a session: commands that end at any of these prompts. */
export interface PlaneRunner {
  execute: (
    command: string | undefined,
    options: CommandOptions,
    planes: readonly PlaneDefinition[],
  ) => Promise<Executed>
}

/** A result and the prompt it ended at. */
export interface Executed {
  result: CommandResult
  prompt: string
}
