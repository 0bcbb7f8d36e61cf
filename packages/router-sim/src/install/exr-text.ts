/** The install texts of eXR (64-bit IOS XR). Lines of an operation begin with `May 24 18:54:12`. */
import { exrInstallTime } from '../device-time.ts'
import type { FetchFailure } from '../fetch/fetcher.ts'
import type { PackageFacts } from '../software/package-facts.ts'
import type { Unmet } from './change-plan.ts'
import type { Operation } from './operation.ts'

/** The question an activation asks before it restarts; `scope` is `sdr` or `system`. */
export function reloadQuestion(scope: string): string {
  return `\nThis install operation will reload the ${scope}, continue?\n [yes/no]:[yes] `
}

/** The first two lines of an operation. */
export function startedLines(operation: Operation): string[] {
  const at = exrInstallTime(operation.startedAt)
  return [`${at} Install operation ${operation.id} started by ${operation.user}:`, `  ${operation.text}`]
}

/** The last line of an operation that has ended, without time. */
export function endedText(operation: Operation): string {
  return `Install operation ${operation.id} ${operation.state === 'succeeded' ? 'finished successfully' : 'aborted'}`
}

/** Said when an operation goes on without the terminal. */
export const IN_BACKGROUND = 'Install operation will continue in the background'

/** Answer while another operation runs. */
export function busyText(operation: Operation | undefined): string {
  return `Could not start this install operation. Install operation ${operation?.id ?? 1} is still in progress`
}

/** Answer to a change after an uncommitted system upgrade. */
export const COMMIT_FIRST =
  'ERROR! there was an SU/ISSU done. please perform install commit before proceeding with any other prepare/activate/deactivate operation'

/** Said when every named package is already as wanted. */
export function noImpactText(kind: 'add' | 'activate' | 'deactivate'): string {
  if (kind === 'add') return 'It is a NO IMPACT OPERATION as all packages have already been added'
  return `This was a NO IMPACT OPERATION. Packages are already ${kind === 'activate' ? 'active' : 'inactive'} on device.`
}

/** What `show install request` says. */
export function requestText(operation: Operation | undefined, percent: number): string {
  if (operation === undefined) return 'No install operation in progress'
  return `The install ${operation.kind} operation ${operation.id} is ${percent}% complete`
}

/** Package names of an rpm in the log carry the architecture; images do not. */
export function loggedName(facts: PackageFacts): string {
  return facts.kind === 'image' ? facts.name : `${facts.name}.x86_64`
}

/** `Package list:` and its names. */
export function packageListLines(heading: string, packages: readonly PackageFacts[]): string[] {
  return [heading, ...packages.map((facts) => `    ${loggedName(facts)}`)]
}

/** What a web server says where a file server says something else. */
const webCauses: Partial<Record<FetchFailure, string>> = {
  denied: 'The requested URL returned error: 403 Forbidden',
  'not-found': 'The requested URL returned error: 404 Not Found',
}

/** Why a file could not be read. @param web the repository is a web server, whose refusals are told by status */
export function fetchFailureLines(failure: FetchFailure, file: string, web = false): string[] {
  const causes: Record<FetchFailure, string> = {
    denied: 'Permission denied, please try again.',
    'not-found': `Couldn't stat remote file: No such file or directory`,
    refused: '% Connection refused by remote host',
    timeout: 'Connection timed out',
    unreachable: 'No route to host',
    failed: 'Connection closed by remote host',
  }
  const cause = (web ? webCauses[failure] : undefined) ?? causes[failure]
  return [`ERROR! ${cause}`, `ERROR! Failed to get file ${file} from the repository`]
}

/** A file that is no package, or a damaged one. */
export function corruptLines(file: string): string[] {
  return [`ERROR! Package "${file}" is invalid: ${file} is corrupt`]
}

/** A package of another platform. */
export function wrongPlatformLines(file: string, platform: string): string[] {
  return [
    `ERROR! Package "${file}" is invalid: package is for platform ${platform} and not supported on this platform`,
  ]
}

/** A full disk. */
export function diskFullLines(): string[] {
  return ['Error! Not enough free disk space for installation.']
}

/** Packages that are not in the software repository. */
export function unknownLines(names: readonly string[]): string[] {
  return names.map((name) => `ERROR! Package ${name} is not present in the software repository`)
}

/** Unmet dependencies of a change. */
export function incompatibleLines(unmet: readonly Unmet[]): string[] {
  return unmet.map(({ name, needs }) => `ERROR! ${name} has a dependency on ${needs} which is not active`)
}

/** Removing what is in use, or nothing at all. */
export function cannotRemoveLines(names: readonly string[]): string[] {
  if (names.length === 0) return ['ERROR! No inactive packages to remove in the software repository']
  return names.map((name) => `ERROR! Package ${name} is active or committed and cannot be removed`)
}
