// A custom command profile: show commands that Pre-Upgrade and Post-Upgrade run besides their own.
import { createError, type ProfileInput } from '@slipway/contracts'
import { kept } from '../row-plan.ts'

export interface CommandProfile {
  readonly id: string
  readonly name: string
  readonly commands: readonly string[]
  readonly createdBy: string
}

export interface ProfileDecisionDeps {
  readonly existing: ReadonlyMap<string, CommandProfile>
  readonly newId: () => string
  readonly createdBy: string
}

const maxCommandLength = 500
// A character that would end or change the line on the router. Sample: CR
const CONTROL = /\p{Cc}/u

/** What a row of POST /custom_command_profiles comes to. Errors: ROW_KEY_MISSING, ROW_TOO_LONG, ROW_CONTROL_CHARACTERS, ROW_INVALID_VALUE. */
export function decideProfile(input: ProfileInput, deps: ProfileDecisionDeps): CommandProfile {
  if (input.name === '') throw createError('ROW_KEY_MISSING', ['profile_name'])
  const existing = deps.existing.get(input.name)
  const commands = input.commands?.map((command) => command.trim()).filter((command) => command !== '')
  commands?.forEach(checkCommand)
  return {
    id: existing?.id ?? deps.newId(),
    name: input.name,
    commands: kept('command_list', commands, existing?.commands),
    createdBy: existing?.createdBy ?? deps.createdBy,
  }
}

function checkCommand(command: string): void {
  if (CONTROL.test(command)) throw createError('ROW_CONTROL_CHARACTERS', ['command_list'])
  // A router does not wait for the end of the line: it prints help, and what follows is another command.
  if (command.includes('?')) {
    throw createError('ROW_INVALID_VALUE', ['command_list', 'a ? would ask the router for help.'])
  }
  if ([...command].length > maxCommandLength) {
    throw createError('ROW_TOO_LONG', ['command_list', maxCommandLength])
  }
}
