// Which directories and package names a job may name. They end up in commands on routers, so everything that a shell
// or a command line could read as more than a name is refused. Source: REST contract, section 5, phase 1.
import { createError, type InstallAction } from '@slipway/contracts'

/** One part of a path below the repository's home directory. Sample: `asr9k`, `6.1.3`. */
const SEGMENT = /^[A-Za-z0-9._+@-]+$/
/** A package, perhaps with the device it is on. Sample: `disk0:asr9k-mpls-px-5.3.3`, `asr9k-px-5.3.3.CSCuz05961.pie`. */
const PACKAGE = /^([a-z]+[0-9]*:)?[A-Za-z0-9][A-Za-z0-9._+~*-]{0,254}$/
/** Files that hold software. Sample: `asr9k-mini-px.pie-6.1.1`, `ncs5500-mgbl-3.0.0.0-r613.x86_64.rpm`. */
const SOFTWARE_FILE = /\.(pie|tar|rpm|smu|iso|pkg|bin)(-r?\d[A-Za-z0-9.]*)?$/

/** Refuses a directory that is not relative or leads upwards. Error: SCHEDULER_DIRECTORY_INVALID. */
export function checkDirectory(directory: string): void {
  if (directory === '') return
  const isGood = directory.split('/').every((segment) => SEGMENT.test(segment) && segment !== '..')
  if (!isGood) throw createError('SCHEDULER_DIRECTORY_INVALID', [directory])
}

/** Refuses an empty list and names that an action cannot take. Errors: SCHEDULER_PACKAGES_EMPTY, _PACKAGE_INVALID. */
export function checkPackages(packages: readonly string[], action: InstallAction): void {
  if (packages.length === 0) throw createError('SCHEDULER_PACKAGES_EMPTY')
  const bad = packages.find((name) => !isPackageName(name, action))
  if (bad !== undefined) throw createError('SCHEDULER_PACKAGE_INVALID', [bad])
}

function isPackageName(name: string, action: InstallAction): boolean {
  if (!PACKAGE.test(name)) return false
  // Only Remove knows wildcards; an Add names files of a repository, which no device holds yet.
  if (name.includes('*')) return action === 'Remove'
  return action !== 'Add' || (!name.includes(':') && SOFTWARE_FILE.test(name))
}
