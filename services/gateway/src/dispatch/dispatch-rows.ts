// Dispatch switches as the API writes them. Source: REST contract, section 8; rules of rows, section 1.
import { createError, type SwitchRow, type SwitchScope, switchScopes } from '@slipway/contracts'
import { name, text } from '../rows/field.ts'
import { fieldValue, type JsonRow } from '../rows/json-row.ts'
import { assertKnownKeys } from '../rows/read-row.ts'

const fields = {
  scope: text('scope', { role: 'identity', maxLength: 10 }),
  name: name('name', { role: 'clearable', maxLength: 100 }),
  reason: text('reason', { role: 'clearable', maxLength: 200 }),
} as const
const knownKeys: ReadonlySet<string> = new Set(['scope', 'name', 'paused', 'reason'])

/** A row of POST /dispatch. */
export interface SwitchDraft {
  readonly scope: SwitchScope
  /** '' for global. */
  readonly name: string
  readonly paused: boolean
  /** Absent: what was said before stays. */
  readonly reason?: string
}

/** What a row is about: its scope and name. Throws if that cannot be told. */
export function identifySwitch(row: JsonRow): string {
  const scope = readScope(row)
  const switchName = readSwitchName(row, scope)
  return switchName === '' ? scope : `${scope} ${switchName}`
}

/** Reads a row of POST /dispatch. Throws the first failure: scope, unknown keys, needed keys, types and lengths. */
export function readSwitch(row: JsonRow): SwitchDraft {
  const scope = readScope(row)
  assertKnownKeys(row, knownKeys)
  const paused = fieldValue(row, 'paused')
  const switchName = readSwitchName(row, scope)
  if (paused === undefined) throw createError('ROW_KEY_MISSING', ['paused'])
  if (typeof paused !== 'boolean') throw createError('ROW_WRONG_TYPE', ['paused', 'true or false'])
  const given = fieldValue(row, 'reason')
  if (given === undefined) return { scope, name: switchName, paused }
  const reason = fields.reason.read(given)
  fields.reason.checkLength(reason)
  return { scope, name: switchName, paused, reason: reason.trim() }
}

function readScope(row: JsonRow): SwitchScope {
  const given = fieldValue(row, 'scope')
  if (given === undefined || given === '') throw createError('ROW_KEY_MISSING', ['scope'])
  const asked = fields.scope.read(given)
  const scope = switchScopes.find((known) => known === asked)
  if (scope === undefined) {
    throw createError('ROW_INVALID_VALUE', ['scope', `it must be one of ${switchScopes.join(', ')}.`])
  }
  return scope
}

function readSwitchName(row: JsonRow, scope: SwitchScope): string {
  const given = fieldValue(row, 'name')
  const read = given === undefined ? '' : fields.name.read(given)
  if (scope === 'global') {
    if (read === '') return read
    throw createError('ROW_INVALID_VALUE', ['name', 'a switch of everything has none.'])
  }
  if (read === '') throw createError('ROW_KEY_MISSING', ['name'])
  fields.name.checkLength(read)
  return read
}

/** A switch in answers. @param time writes moments, absent ones as '' */
export function renderSwitch(row: SwitchRow, time: (moment: string | undefined) => string) {
  return {
    scope: row.scope,
    name: row.name,
    paused: row.paused,
    reason: row.reason,
    paused_by: row.pausedBy ?? '',
    paused_time: time(row.pausedAt),
  }
}
