/** Restarting the router by hand, with the questions the devices ask. */
import type { CommandContext } from './command-context.ts'
import type { Command } from './command-tree.ts'

const yes = (key: string) => key === 'y' || key === 'Y' || key === '\n'

/** `reload`, `reload location all`: uncommitted software is asked about, then the reload itself. */
async function reload(context: CommandContext): Promise<undefined> {
  const { router } = context
  if (router.store.uncommitted()) {
    const key = await context.askKey(
      '\nSome active software packages are not yet committed. Proceed?[confirm]',
    )
    context.print('\n')
    if (!yes(key)) return undefined
  }
  context.print(
    '\nPreparing system for backup. This may take a few minutes especially for large configurations.\n',
  )
  context.print(`\tStatus report: node${router.profile.activeNode.replaceAll('/', '_')}: BACKUP INPROGRESS\n`)
  context.print(
    `\tStatus report: node${router.profile.activeNode.replaceAll('/', '_')}: BACKUP HAS COMPLETED SUCCESSFULLY\n[Done]\n`,
  )
  const key = await context.askKey('Proceed with reload? [confirm]')
  context.print('\n')
  if (!yes(key)) return undefined
  router.reload(`reload requested by ${context.session.user}`)
  return undefined
}

/** `hw-module location all reload` of the sysadmin plane. */
async function hardwareReload(context: CommandContext): Promise<string | undefined> {
  const place = context.args.map(({ text }) => text).join(' ')
  if (!/^all\s+rel(?:oad?)?(?:\s+noprompt)?$/i.test(place)) return context.invalid(context.args[0])
  if (!place.endsWith('noprompt')) {
    const answer = await context.ask('Reload hardware module ? [no,yes] ')
    if (answer?.trim().toLowerCase() !== 'yes') return undefined
  }
  context.router.reload(`hw-module reload requested by ${context.session.user}`)
  return 'result Card graceful reload request on all succeeded.'
}

/** XR plane of both systems and classic admin mode. */
export const RELOAD_COMMANDS: readonly Command[] = [
  { words: 'reload', run: reload },
  { words: 'reload location all', run: reload },
]

/** Sysadmin plane of eXR. */
export const CALVADOS_RELOAD_COMMANDS: readonly Command[] = [
  { words: 'hw-module location', args: true, run: hardwareReload },
]
