/**
 * The install texts of classic IOS XR, as lines. `Info:` and `Error:` lines come unwrapped; the terminal wraps
 * them to its width.
 */
import { classicInstallTime } from '../device-time.ts'
import type { FamilyProfile } from '../families.ts'
import { xrNodes } from '../families.ts'
import type { FetchFailure } from '../fetch/fetcher.ts'
import type { PackageFacts } from '../software/package-facts.ts'
import type { ChangePlan, Unmet } from './change-plan.ts'
import type { Operation } from './operation.ts'

/** `disk0:` and the name, as the classic lists show packages. */
export function onDisk(name: string): string {
  return `disk0:${name}`
}

const info = (text: string) => (text === '' ? 'Info:' : `Info:     ${text}`)
const error = (text: string) => (text === '' ? 'Error:' : `Error:    ${text}`)

/** An error with the suggestions the device adds. */
export function classicError(problem: readonly string[], suggestions: readonly string[]): string[] {
  const steps = suggestions.length === 0 ? [] : ['Suggested steps to resolve this:']
  return [...problem, ...steps, ...suggestions.map((step) => ` - ${step}`)].map(error)
}

/** First line of an operation: `Install operation 36 '(admin) install remove inactive' started by user …`. */
export function startedLine(operation: Operation): string {
  const at = classicInstallTime(operation.startedAt)
  return `Install operation ${operation.id} '(admin) ${operation.text}' started by user '${operation.user}' via CLI at ${at}.`
}

/** Last line of an operation that has ended. */
export function endedLine(operation: Operation): string {
  const verdict = operation.state === 'succeeded' ? 'completed successfully' : 'failed'
  return `Install operation ${operation.id} ${verdict} at ${classicInstallTime(operation.finishedAt ?? operation.startedAt)}.`
}

/** Answer while another operation runs. */
export function busyLines(): string[] {
  return classicError(
    ['Cannot proceed with the operation as another install command is currently in operation.'],
    [
      "use 'show install request' to see the state of the current install operation.",
      're-issue the command when the current operation has completed.',
    ],
  )
}

/** What `show install request` says. */
export function requestLines(operation: Operation | undefined, percent: number): string[] {
  if (operation === undefined) return ['There are no install requests in operation.']
  const bytes = operation.downloadedBytes
  const download =
    bytes === undefined ? [] : [`${Math.ceil(bytes / 1024)}KB downloaded: Download in progress`]
  return [
    startedLine(operation),
    `The operation is ${percent}% complete`,
    ...download,
    'The operation can still be aborted.',
  ]
}

/** Why an add could not read a file; `pie` is its URL with the password masked. */
export function fetchFailureLines(failure: FetchFailure, pie: string): string[] {
  const causes: Partial<Record<FetchFailure, string>> = {
    denied: 'Permission denied, please try again.',
    refused: '% Connection refused by remote host',
    timeout: 'Connection timed out',
    unreachable: 'No route to host',
    failed: 'Connection closed by remote host',
  }
  const cause = causes[failure]
  const missing = `Cannot proceed with the add operation because the pie '${pie}' could not be found.`
  return classicError(cause === undefined ? [missing] : [cause, missing], [
    'check the name of the pie.',
    'check the location of the pie.',
    'check the file permissions of the pie.',
    'check network connectivity of the SDR containing the dSC.',
  ])
}

/** A file that is no package, or a damaged one. */
export function corruptLines(pie: string): string[] {
  return classicError(
    [`Cannot proceed with the add operation because the pie '${pie}' is corrupt or is not a valid pie file.`],
    ['check the file was transferred completely and in binary mode.', 'obtain a new copy of the pie.'],
  )
}

/** A package of another platform. */
export function wrongPlatformLines(pie: string, platform: string): string[] {
  return classicError(
    [
      `Cannot proceed with the add operation because the pie '${pie}' is not compatible with this platform.`,
      `The package is for the platform '${platform}'.`,
    ],
    ['check the name of the pie.'],
  )
}

/** A full disk. */
export function diskFullLines(node: string, required: number, available: number): string[] {
  return classicError(
    [
      `Cannot proceed with the add operation because there is insufficient disk space on the following devices: ${node}: disk0: (${required} bytes required, ${available} bytes available)`,
    ],
    [
      "remove unnecessary packages using '(admin) install remove inactive'.",
      "check the disk usage with '(admin) show filesystem location all'.",
    ],
  )
}

/** What an add has made available. */
export function addedLines(packages: readonly PackageFacts[], already: readonly PackageFacts[]): string[] {
  const many = packages.length !== 1
  const fresh = [
    `The following package${many ? 's are' : ' is'} now available to be activated:`,
    '',
    ...packages.map((facts) => `    ${onDisk(facts.name)}`),
    '',
    `The package${many ? 's' : ''} can be activated across the entire router.`,
    '',
  ]
  const known = [
    'The following packages are already present on the router and have been skipped:',
    '',
    ...already.map((facts) => `    ${onDisk(facts.name)}`),
    '',
  ]
  return [...(already.length > 0 ? known : []), ...(packages.length > 0 ? fresh : [])].map(info)
}

/** Packages that are not on the disk. */
export function unknownLines(noun: string, names: readonly string[]): string[] {
  return classicError(
    [`Cannot proceed with the ${noun} because the following packages could not be found on the router:`, '']
      .concat(names.map((name) => `   ${name}`))
      .concat(''),
    [
      'check the names of the packages.',
      "check the set of inactive packages using '(admin) show install inactive'.",
    ],
  )
}

/** Activating what is active. */
export function alreadyActiveLines(names: readonly string[]): string[] {
  return [
    ...classicError(
      ['Cannot activate the following packages as they are already active on the router:', '']
        .concat(names.map((name) => `   ${onDisk(name)}`))
        .concat(''),
      [
        'check the name of the packages being activated.',
        "check the set of active packages using '(admin) show install active'.",
      ],
    ),
    ...classicError(
      ['Cannot proceed with the activation as there are no packages to activate'],
      ['check the names of the packages being activated.'],
    ),
  ]
}

/** Deactivating what is not active. */
export function notActiveLines(names: readonly string[]): string[] {
  return classicError(
    ['Cannot proceed with the deactivation because the following packages are not active on the router:', '']
      .concat(names.map((name) => `   ${onDisk(name)}`))
      .concat(''),
    ["check the set of active packages using '(admin) show install active'."],
  )
}

/** Unmet dependencies of a change. */
export function incompatibleLines(noun: string, unmet: readonly Unmet[]): string[] {
  return classicError(
    [`Cannot proceed with the ${noun} because of the following package incompatibilities:`].concat(
      unmet.map(
        ({ name, needs }) => `   ${name} needs ${needs}, or equivalent, to be active on the same nodes.`,
      ),
    ),
    [
      'check the installation instructions.',
      'activate or deactivate the specified packages on the specified nodes to obtain a compatible set of packages.',
    ],
  )
}

/** Nothing to remove, or only active and committed packages named. */
export function nothingToRemoveLines(): string[] {
  return classicError(
    [
      'Cannot proceed with the remove operation because there are no packages that can be removed. Packages can only be removed if they are not part of the active software and not part of the committed software.',
    ],
    [
      "check the set of active packages using '(admin) show install active'.",
      "check the committed software using '(admin) show install committed'.",
      "check the set of inactive packages using '(admin) show install inactive'.",
    ],
  )
}

/** What will be removed. */
export function removalLines(packages: readonly PackageFacts[]): string[] {
  const heading = `This operation will remove the following package${packages.length === 1 ? '' : 's'}:`
  return [heading, ...packages.map((facts) => `    ${onDisk(facts.name)}`)].map(info)
}

/** The install method of a change: one line, or one per sub-operation. */
export function methodLines(plan: ChangePlan): string[] {
  const superseded =
    plan.superseded.length === 0
      ? []
      : [
          info(
            "After this install operation, some SMU package(s) are fully/partially superceded. The fully superseded SMUs can found using CLI: 'show install superceded'. If found those can be deactivated using CLI: 'install deactivate superceded'.",
          ),
        ]
  if (plan.steps.length < 2) return [...superseded, info(`Install Method: ${methodOf(plan.reload)}`)]
  const steps = plan.steps.flatMap((step, index) => [
    `Sub-operation ${index + 1}:`,
    `    Install Method: ${methodOf(step.reload)}`,
    ...step.packages.map((facts) => `    ${facts.name}`),
    '',
  ])
  const heading = 'The following sequence of sub-operations has been determined to minimize any impact:'
  return [...superseded, ...[heading, '', ...steps].map(info)]
}

/** `Parallel Reload` or `Parallel Process Restart`. */
export function methodOf(reload: boolean): string {
  return reload ? 'Parallel Reload' : 'Parallel Process Restart'
}

/** Which nodes a change restarts. */
export function reloadNodesLines(profile: FamilyProfile): string[] {
  const nodes = xrNodes(profile).map((node) => `    ${node.location}/CPU0 (${node.role}) (SDR: Owner)`)
  return ['This operation will reload the following nodes in parallel:', ...nodes].map(info)
}

/** What a device says once a change has been made. */
export function changedLines(): string[] {
  return [
    "The changes made to software configurations will not be persistent across system reloads. Use the command '(admin) install commit' to make changes persistent.",
    'Please verify that the system is consistent following the software change using the following commands:',
    '    show system verify',
    '    install verify packages',
  ].map(info)
}
