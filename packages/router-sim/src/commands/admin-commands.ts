/** Entering the other plane, for good or for one command. */
import { calvadosTimestamp } from '../device-time.ts'
import { calvadosGreeting, calvadosName } from '../session/prompt.ts'
import type { CommandContext } from './command-context.ts'
import type { Command } from './command-tree.ts'

async function admin(context: CommandContext): Promise<string | undefined> {
  const first = context.args[0]
  const classic = context.router.profile.os === 'classic'
  if (first === undefined) return classic ? enterAdminMode(context) : enterSysadmin(context)
  const rest = context.line.slice(first.column)
  if (classic) return context.runIn('admin', rest, first.column)
  return oneSysadminCommand(context, rest)
}

function enterAdminMode({ session }: CommandContext): undefined {
  session.plane = 'admin'
  return undefined
}

async function enterSysadmin(context: CommandContext): Promise<string | undefined> {
  const { router, session } = context
  let { user } = session
  if (router.adminLogin) {
    user = (await context.ask('\nAdmin Username:')) ?? ''
    const password = (await context.ask('Password:', false)) ?? ''
    if (!router.checkLogin(user, password)) return 'Authentication failed'
  }
  context.print(`\n${calvadosGreeting(router.profile, user)}\n`)
  session.plane = 'admin'
  return undefined
}

/** Commands of the sysadmin plane that leave it are not one-liners. */
const LEAVES = /^\s*(?:exit|end|quit)\b/i

async function oneSysadminCommand(context: CommandContext, rest: string): Promise<string | undefined> {
  const { router, session } = context
  const prompt = `${calvadosName(router.profile)}#`
  const stamp = () => calvadosTimestamp(router.now())
  context.print(
    `\n${calvadosGreeting(router.profile, session.user)}\n${prompt} terminal length 0\n${stamp()}\n${prompt} ${rest.trim()}\n${stamp()}\n`,
  )
  const output = LEAVES.test(rest) ? undefined : await context.runIn('admin', rest, 0)
  return `${output === undefined ? '' : `${output.replace(/\n$/, '')}\n`}${prompt}`
}

/** The `admin` command of the XR plane. */
export const ADMIN_COMMANDS: readonly Command[] = [{ words: 'admin', args: true, run: admin }]
