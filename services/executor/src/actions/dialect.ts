// What differs between classic IOS XR and 64-bit XR when packages are installed, as data and small functions. The
// engine (install.ts, reload.ts) is the same for both; a further platform is one more of these.
import type { CommandResult } from '@slipway/router-session'
import type { MutationKind } from '../runs/journal-store.ts'
import type { PasswordPlace } from './source.ts'

/** How a router answered an install command. */
export type InstallAnswer =
  /** It works on it, or has done it already, under this operation id. */
  | { readonly kind: 'operation'; readonly operationId: number }
  | { readonly kind: 'no-impact' }
  /** Another install operation is running. */
  | { readonly kind: 'busy' }
  | { readonly kind: 'refused' }

/**
 * What an operation restarts: the router with its route processors, line cards only, or nothing. `unsure`: something,
 * and the router does not tell what.
 */
export type Reload = 'router' | 'cards' | 'unsure' | 'none'

export interface InstallDialect {
  readonly name: 'iosxr' | 'iosxr64'
  readonly osType: 'XR' | 'eXR'
  /** Where a repository's password goes: into the URL, or into the answer to a prompt. */
  readonly passwordPlace: PasswordPlace
  readonly commands: {
    add(source: string, files: readonly string[]): string
    activate(selection: string): string
    deactivate(selection: string): string
    remove(names: readonly string[]): string
    readonly commit: string
    /** Stops a running operation. */
    abort(operationId: number): string
    /** What runs now. */
    readonly request: string
    /** All operations. */
    readonly log: string
    logOf(operationId: number): string
    readonly platform: string
    readonly redundancy: string
    readonly version: string
  }
  answerTo(text: string): InstallAnswer
  /** What restarts because of an operation, as its log says. */
  reloadOf(log: string, operationId: number): Reload
  /** The same for an operation of which the journal only has that the router restarts. */
  readonly journalledReload: Reload
}

/** Everything a command printed, also what came around it. */
export function allText(result: Pick<CommandResult, 'output' | 'unsolicited'>): string {
  return result.unsolicited === '' ? result.output : `${result.output}\n${result.unsolicited}`
}

/** `Install operation 12 started by root:`, in a list of operations or a log. */
const OPERATION_ID = /Install operation (\d+)\b/g

/** The ids of all operations an install log mentions. */
export function loggedIds(log: string): number[] {
  return [...new Set([...log.matchAll(OPERATION_ID)].map(([, id]) => Number(id)))]
}

/** An empty install log. Samples: `No log information`, `No install operation log information`. */
const EMPTY_LOG = /^\W*No (?:install operation )?log information/im

/** The highest operation an install log mentions, 0 if it is empty; undefined if the text is no log. */
export function lastLogged(log: string): number | undefined {
  const ids = loggedIds(log)
  if (ids.length > 0) return Math.max(...ids)
  return EMPTY_LOG.test(log) ? 0 : undefined
}

/**
 * Tells that an operation's log is of this command. Samples: `Install operation 36 '(admin) install remove …' started`,
 * `(admin) install activate …`, `  install add source …`. Not `Use the command '(admin) install commit' to …`.
 */
export function isLogOf(kind: MutationKind, log: string): boolean {
  return new RegExp(
    `(?:^\\s*(?:\\(admin\\) )?|Install operation \\d+ '(?:\\(admin\\) )?)install ${kind}\\b`,
    'm',
  ).test(log)
}

/** Said unasked when an operation is over: `Install operation 36 completed successfully`, `… 12 aborted`. */
export function endOfOperation(operationId: number): RegExp {
  return new RegExp(
    `Install operation ${operationId}(?: '[^']*')? (?:completed|finished|failed|(?:was )?aborted)`,
  )
}
