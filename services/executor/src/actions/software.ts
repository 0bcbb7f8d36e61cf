// What is on a router's disk and what of it runs, from the package lists of all its planes.
import {
  type InstallLists,
  isListNotReady,
  type PackageRow,
  parseExrPackages,
  parseInstallList,
  parseXrPackages,
  type RunCommand,
  resolvePackages,
} from '@slipway/router-session'
import { pauseRun } from '../runs/run-control.ts'
import type { ActionContext } from './action.ts'
import type { PackageNames, Software } from './selection.ts'

type Context = Pick<ActionContext, 'device' | 'control' | 'report' | 'times' | 'dialect'>

/** How often a router is asked again that says `Please try command later`. */
const NOT_READY_TRIES = 60
/** `There are no inactive packages on the SDR.`, `No inactive package(s) in software repository` */
const NONE = /no inactive packages?|no packages/i

/** Names as the device knows them; packages are told apart by what they are, not by their spelling. */
export const packageNames: PackageNames = {
  find: (given, candidates) => resolvePackages([given], candidates).matched.map(({ name }) => name),
}

/** All packages with their states. */
export async function readPackages(context: Context): Promise<PackageRow[]> {
  const { device, dialect } = context
  const here: RunCommand = (command) => device.read(command)
  if (dialect.osType === 'XR') return parseXrPackages(await readLists(context, here, 'admin '))
  const main = await readLists(context, here, '')
  const admin = await device.inAdminPlane((run) => readLists(context, run, ''))
  return parseExrPackages(main, admin)
}

/** The package names by state; on classic XR with the device they lie on. */
export async function readSoftware(context: Context): Promise<Software> {
  const rows = await readPackages(context)
  const names = (wanted: (row: PackageRow) => boolean) =>
    rows.filter(wanted).map((row) => (row.location === '' ? row.name : `${row.location}:${row.name}`))
  return {
    inactive: names((row) => row.state.startsWith('inactive')),
    active: names((row) => row.state.startsWith('active')),
    committed: names((row) => row.state.endsWith('committed')),
  }
}

async function readLists(context: Context, run: RunCommand, prefix: string): Promise<InstallLists> {
  const read = (kind: string) => readList(context, run, `${prefix}show install ${kind}`)
  return {
    active: await read('active'),
    inactive: await read('inactive'),
    committed: await read('committed'),
  }
}

/** Classic XR has a summary without repetitions; a router that does not know it, or says nothing, is asked for all. */
async function readList(context: Context, run: RunCommand, command: string): Promise<string> {
  if (context.dialect.osType === 'XR') {
    const summary = await readReady(context, run, `${command} summary`)
    if (parseInstallList(summary).length > 0 || NONE.test(summary)) return summary
  }
  return readReady(context, run, command)
}

async function readReady(context: Context, run: RunCommand, command: string): Promise<string> {
  const { control, report, times } = context
  for (let attempt = 1; ; attempt += 1) {
    const { output } = await run(command, { signal: control.signal, timeoutMs: times.commandMs })
    if (!isListNotReady(output)) return output
    if (attempt === NOT_READY_TRIES) {
      report.warn(`'${command}' is not ready. Please retrieve the latest software again later.`)
      return ''
    }
    await pauseRun(control, times.pollMs)
  }
}
