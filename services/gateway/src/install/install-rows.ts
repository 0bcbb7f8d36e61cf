// Rows of POST /install. What a row alone can tell is told here; which hosts, repositories and profiles exist is
// known to the inventory, so reading has two halves: `readDraft` before that question, `finishDraft` after it.
// The order of checks is the contract's (section 5, phase 1): the first failure wins.
import {
  actionsWithPackages,
  createError,
  type DependencyInput,
  type InstallAction,
  isInstallAction,
  type JobInput,
  normalizeName,
} from '@slipway/contracts'
import { list, text } from '../rows/field.ts'
import { fieldValue, type JsonRow } from '../rows/json-row.ts'
import { assertKnownKeys } from '../rows/read-row.ts'
import { checkDirectory, checkPackages } from './software-rules.ts'
import { readScheduledTime } from './times.ts'

const optional = { role: 'clearable', maxLength: Number.MAX_SAFE_INTEGER } as const

const fields = {
  hostname: text('hostname', optional),
  scheduledTime: text('scheduled_time', optional),
  utcOffset: text('utc_offset', optional),
  profiles: list('command_profile', optional),
  repository: text('server_repository', optional),
  directory: text('server_directory', { ...optional, maxLength: 300 }),
  packages: list('software_packages', optional),
}
const knownKeys: ReadonlySet<string> = new Set([
  'install_action',
  'dependency',
  ...Object.values(fields).map(({ key }) => key),
])

/** A row whose keys and types are right; names are as they are compared. */
export interface InstallDraft {
  readonly action: InstallAction
  readonly hostname: string
  readonly repository: string | undefined
  readonly profiles: readonly string[]
  readonly directory: string
  /** undefined if not given, empty if given and empty. */
  readonly packages: string[] | undefined
  readonly scheduledTime: string | undefined
  readonly utcOffset: string | undefined
  readonly dependency: DependencyInput | undefined
}

const timeKeys: ReadonlySet<string> = new Set([fields.scheduledTime.key, fields.utcOffset.key])

/** A body that says when, and nothing else. @returns the moment, undefined for "now". Errors: ROW_…, SCHEDULER_… */
export function readWhen(row: JsonRow): string | undefined {
  assertKnownKeys(row, timeKeys)
  return readScheduledTime({
    scheduledTime: readText(row, 'scheduledTime'),
    utcOffset: readText(row, 'utcOffset'),
  })
}

/** What exists of the names that a request mentions. */
export interface KnownNames {
  /** Id by hostname. */
  readonly hosts: ReadonlyMap<string, string>
  readonly repositories: ReadonlySet<string>
  readonly profiles: ReadonlySet<string>
}

/** First half: action, keys, types. Throws the first failure. */
export function readDraft(row: JsonRow): InstallDraft {
  const action = readAction(row)
  assertKnownKeys(row, knownKeys)
  for (const key of requiredKeys(action)) {
    if (isMissing(fieldValue(row, key))) throw createError('ROW_KEY_MISSING', [key])
  }
  return {
    action,
    hostname: normalizeName(readText(row, 'hostname') ?? ''),
    scheduledTime: readText(row, 'scheduledTime'),
    utcOffset: readText(row, 'utcOffset'),
    profiles: (readList(row, 'profiles') ?? []).map(normalizeName),
    dependency: readDependency(fieldValue(row, 'dependency')),
    repository: emptyAsAbsent(normalizeName(readText(row, 'repository') ?? '')),
    directory: readText(row, 'directory') ?? '',
    packages: readList(row, 'packages'),
  }
}

/**
 * Second half: names exist, directory, packages, time. Throws the first failure.
 * @param now ISO 8601, the one "now" of the request
 */
export function finishDraft(
  draft: InstallDraft,
  known: KnownNames,
  now: string,
  readTime = readScheduledTime,
): JobInput {
  const { action, hostname, repository, profiles, packages } = draft
  const hostId = known.hosts.get(hostname)
  if (hostId === undefined) throw createError('INVENTORY_HOSTNAME_INVALID', [hostname])
  if (repository !== undefined && !known.repositories.has(repository)) {
    throw createError('SCHEDULER_REPOSITORY_INVALID', [repository])
  }
  const unknownProfile = profiles.find((profile) => !known.profiles.has(profile))
  if (unknownProfile !== undefined) throw createError('SCHEDULER_PROFILE_INVALID', [unknownProfile])
  checkDirectory(draft.directory)
  if (packages !== undefined) checkPackages(packages, action)
  return jobOf(draft, hostId, readTime(draft) ?? now)
}

/** Keys that an action does not use were checked all the same, and are ignored. */
function jobOf(draft: InstallDraft, hostId: string, scheduledTime: string): JobInput {
  const { action, hostname, repository, directory, packages, profiles, dependency } = draft
  const isAdd = action === 'Add'
  const runsProfiles = action === 'Pre-Upgrade' || action === 'Post-Upgrade'
  const job: JobInput = {
    hostId,
    hostname,
    action,
    scheduledTime,
    serverDirectory: isAdd ? directory : '',
    softwarePackages: actionsWithPackages.includes(action) ? (packages ?? []) : [],
    commandProfiles: runsProfiles ? [...profiles] : [],
  }
  if (isAdd && repository !== undefined) job.serverRepository = repository
  if (dependency !== undefined) job.dependency = dependency
  return job
}

function readAction(row: JsonRow): InstallAction {
  const action = fieldValue(row, 'install_action')
  if (isMissing(action)) throw createError('ROW_KEY_MISSING', ['install_action'])
  if (typeof action !== 'string') throw createError('ROW_WRONG_TYPE', ['install_action', 'a string'])
  if (!isInstallAction(action)) throw createError('SCHEDULER_ACTION_INVALID', [action])
  return action
}

function requiredKeys(action: InstallAction): readonly string[] {
  if (action === 'Add') return ['hostname', 'server_repository', 'software_packages']
  return actionsWithPackages.includes(action) ? ['hostname', 'software_packages'] : ['hostname']
}

function isMissing(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0
  return value === undefined || (typeof value === 'string' && value.trim() === '')
}

type TextKey = 'hostname' | 'scheduledTime' | 'utcOffset' | 'repository' | 'directory'

/** A text; '' for an optional key means absent. */
function readText(row: JsonRow, name: TextKey): string | undefined {
  const field = fields[name]
  const value = fieldValue(row, field.key)
  if (value === undefined) return undefined
  const given = field.read(value)
  field.checkLength(given)
  return emptyAsAbsent(given)
}

/** Items of a list; '' means absent, anything else without items is an empty list. */
function readList(row: JsonRow, name: 'profiles' | 'packages'): string[] | undefined {
  const value = fieldValue(row, fields[name].key)
  return value === undefined || value === '' ? undefined : fields[name].read(value)
}

function emptyAsAbsent(given: string): string | undefined {
  return given === '' ? undefined : given
}

const DIGITS = /^\d+$/
/** Greatest job id a database column holds. */
const MAX_JOB_ID = 2_147_483_647
const dependencyText = text('dependency', optional)

/** A job id, an action, or something that can be neither. Whether it can be satisfied is the scheduler's to say. */
function readDependency(value: unknown): DependencyInput | undefined {
  if (value === undefined) return undefined
  if (typeof value !== 'string' && !Number.isInteger(value)) {
    throw createError('ROW_WRONG_TYPE', ['dependency', 'a string or an integer'])
  }
  const asGiven = dependencyText.read(typeof value === 'number' ? String(value) : value).trim()
  if (asGiven === '') return undefined
  // No job has the id 0: a number too great for a job is said not to exist.
  if (DIGITS.test(asGiven)) return { jobId: Number(asGiven) <= MAX_JOB_ID ? Number(asGiven) : 0, asGiven }
  return isInstallAction(asGiven) ? { action: asGiven, asGiven } : { unknown: true, asGiven }
}
