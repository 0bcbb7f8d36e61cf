// Reads a row by its table of fields, in the order of the REST contract (section 3): the identity is present and of
// the right characters, then unknown keys, then needed keys, then types and lengths. The first failure wins.
import { createError, type SlipwayError } from '@slipway/contracts'
import type { Field, FieldRole } from './field.ts'
import { fieldValue, type JsonRow } from './json-row.ts'

type ValueOf<F> = F extends Field<infer T, FieldRole> ? T : never
type KeysWith<F, R extends FieldRole> = {
  [P in keyof F]: F[P] extends { readonly role: infer Role } ? (Role extends R ? P : never) : never
}[keyof F]

/** A table of fields, by the property of the bus message that each fills. */
export type FieldTable = Readonly<Record<string, Field<string> | Field<string[]> | Field<boolean>>>

/** What is read from a row: absent keys stay absent, null clears. */
export type RowOf<F> = { [P in KeysWith<F, 'identity'>]: ValueOf<F[P]> } & {
  [P in KeysWith<F, 'needed' | 'kept'>]?: ValueOf<F[P]>
} & { [P in KeysWith<F, 'clearable'>]?: ValueOf<F[P]> | null }

/** What is asked of a row beside its fields. */
export interface RowRules {
  /** The error of an absent or empty identity. Default: ROW_KEY_MISSING. */
  identityMissing?: () => SlipwayError
}

type AnyField = FieldTable[string]
type RowValue = string | string[] | boolean

/** Reads a row. Throws the first failure: ROW_…, or what `identityMissing` makes. */
export function readRow<F extends FieldTable>(row: JsonRow, fields: F, rules: RowRules = {}): RowOf<F> {
  const plan = planOf(fields)
  for (const field of plan.identities) readIdentity(row, field, rules)
  assertKnownKeys(row, plan.known)
  for (const field of plan.needed) assertNotEmpty(row, field)
  const values: Record<string, RowValue | null> = {}
  for (const [property, field] of plan.entries) {
    const value = readField(row, field)
    if (value !== undefined) values[property] = value
  }
  return values as RowOf<F>
}

/** The identity of a row as it is compared and stored. Throws if it is absent, empty or of wrong characters. */
export function readIdentity(row: JsonRow, field: AnyField, rules: RowRules = {}): string {
  const value = given(row, field)
  const identity = value === undefined ? '' : field.read(value)
  if (typeof identity !== 'string' || identity === '') {
    throw rules.identityMissing?.() ?? createError('ROW_KEY_MISSING', [field.key])
  }
  return identity
}

/** The first needed key that a row does not have, which matters only if the thing is new. */
export function absentNeededKey(row: JsonRow, fields: FieldTable): string | undefined {
  return Object.values(fields).find((field) => field.role === 'needed' && given(row, field) === undefined)
    ?.key
}

/** Refuses keys nobody knows. Errors: ROW_KEY_UNKNOWN, ROW_KEYS_UNKNOWN. */
export function assertKnownKeys(row: JsonRow, known: ReadonlySet<string>): void {
  const keys = Object.keys(row)
  if (keys.every((key) => known.has(key))) return
  const unknown = keys.filter((key) => !known.has(key))
  throw createError(unknown.length === 1 ? 'ROW_KEY_UNKNOWN' : 'ROW_KEYS_UNKNOWN', [unknown.join(',')])
}

/** A table of fields as rows are read by it: made once, as a request may have ten thousand of them. */
interface ReadingPlan {
  readonly entries: readonly (readonly [property: string, field: AnyField])[]
  readonly identities: readonly AnyField[]
  readonly needed: readonly AnyField[]
  readonly known: ReadonlySet<string>
}

const plans = new WeakMap<FieldTable, ReadingPlan>()

function planOf(fields: FieldTable): ReadingPlan {
  const made = plans.get(fields)
  if (made !== undefined) return made
  const all = Object.values(fields)
  const plan = {
    entries: Object.entries(fields),
    identities: all.filter(({ role }) => role === 'identity'),
    needed: all.filter(({ role }) => role === 'needed'),
    known: new Set(all.flatMap(({ key, alias }) => (alias === undefined ? [key] : [key, alias]))),
  }
  plans.set(fields, plan)
  return plan
}

function given(row: JsonRow, field: AnyField): unknown {
  const value = fieldValue(row, field.key)
  return value === undefined && field.alias !== undefined ? fieldValue(row, field.alias) : value
}

/** An empty string or list where a value is needed is missing, whatever would be wrong with its type else. */
function assertNotEmpty(row: JsonRow, field: AnyField): void {
  const value = given(row, field)
  const blank = typeof value === 'string' && value.trim() === ''
  if (blank || (Array.isArray(value) && value.length === 0)) throw createError('ROW_KEY_MISSING', [field.key])
}

function readField(row: JsonRow, field: AnyField): RowValue | null | undefined {
  const raw = fieldValue(row, field.key)
  const other = field.alias === undefined ? undefined : fieldValue(row, field.alias)
  // Where both are given the other key does not count, but is held to the same rules.
  const standIn = other === undefined ? undefined : readAndLimit(other, field, field.alias)
  const value = raw === undefined ? standIn : readAndLimit(raw, field, field.key)
  if (value === undefined) return undefined
  if (typeof value === 'boolean' || value.length > 0 || field.role === 'kept') return value
  if (field.role === 'clearable') return null
  throw createError('ROW_KEY_MISSING', [field.key])
}

function readAndLimit(raw: unknown, field: AnyField, givenAs: string | undefined): RowValue {
  const typed = field as Field<RowValue>
  const value = typed.read(raw, givenAs)
  typed.checkLength(value, givenAs)
  return value
}
