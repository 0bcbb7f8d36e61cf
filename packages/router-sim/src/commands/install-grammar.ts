/** The install commands, which both systems spell alike; what they do and say is the dialect's. */
import { type InstallArguments, readInstallArguments } from '../install/install-arguments.ts'
import type { CommandContext } from './command-context.ts'
import type { Command, CommandHandler } from './command-tree.ts'
import { isBusy } from './install-support.ts'

type Action = (context: CommandContext, args: InstallArguments) => Promise<string | undefined>
type Usable = (args: InstallArguments) => boolean

/** What a dialect does with each command. */
export interface InstallDialect {
  readonly add: Action
  readonly activate: Action
  readonly deactivate: Action
  readonly commit: Action
  readonly remove: Action
  readonly rollback: Action
  readonly abort: CommandHandler
  /** What a command is answered while another operation runs. */
  readonly busy: (context: CommandContext) => string | undefined
}

const hasNames: Usable = ({ names }) => names.length > 0
const hasNoNames: Usable = ({ names }) => names.length === 0
const hasPackages: Usable = ({ names, id }) => names.length > 0 || id !== undefined
const hasSomething: Usable = (args) => args.inactive || hasPackages(args)

/** The grammar of a dialect. Commands read their arguments and are refused while another operation runs. */
export function installCommands(dialect: InstallDialect): Command[] {
  const guarded = (words: string, action: Action, usable: Usable): Command => ({
    words,
    args: true,
    run: (context) => {
      const read = readInstallArguments(context.args)
      if ('wrong' in read) return context.invalid(read.wrong)
      if (!usable(read.args)) return context.invalid()
      return isBusy(context) ? dialect.busy(context) : action(context, read.args)
    },
  })
  return [
    guarded('install add', dialect.add, hasNames),
    guarded('install activate', dialect.activate, hasPackages),
    guarded('install deactivate', dialect.deactivate, hasPackages),
    guarded('install commit', dialect.commit, hasNoNames),
    guarded('install remove', dialect.remove, hasSomething),
    guarded('install rollback to committed', dialect.rollback, hasNoNames),
    { words: 'install operation', args: true, run: dialect.abort },
    { words: 'install abort', args: true, run: dialect.abort },
  ]
}
