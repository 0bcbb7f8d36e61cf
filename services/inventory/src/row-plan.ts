// What becomes of the rows of a bulk change. Every row is judged by itself, in request order: a row that fails is
// answered with its error and leaves nothing behind, the others are stored.
import { setImmediate as nextTurn } from 'node:timers/promises'
import {
  createError,
  isSlipwayError,
  type RowResult,
  type SlipwayError,
  toErrorBody,
} from '@slipway/contracts'

/** Rows judged in one turn of the event loop: sealing and comparing 500 rows takes a few milliseconds. */
const rowsPerTurn = 500

export interface RowRules<I, T> {
  nameOf(input: I): string
  /** The error of a name that stands in the request more than once; the later row gets it. */
  duplicate(name: string): SlipwayError
  /** What to store for the row, or throws why it cannot be. */
  decide(input: I): T
}

export interface RowPlan<T> {
  /** One for each row, in request order. */
  results: RowResult[]
  /** What the good rows came to, in request order. */
  accepted: T[]
}

/** Judges all rows. Errors that are not of the catalogue fail the whole request. */
export async function planRows<I, T>(inputs: readonly I[], rules: RowRules<I, T>): Promise<RowPlan<T>> {
  const plan: RowPlan<T> = { results: [], accepted: [] }
  const seen = new Set<string>()
  for (const [index, input] of inputs.entries()) {
    if (index % rowsPerTurn === rowsPerTurn - 1) await nextTurn()
    const key = rules.nameOf(input)
    const error = judge(() => {
      if (seen.has(key)) throw rules.duplicate(key)
      seen.add(key)
      plan.accepted.push(rules.decide(input))
    })
    plan.results.push(error === undefined ? { key } : { key, error: toErrorBody(error) })
  }
  return plan
}

function judge(attempt: () => void): SlipwayError | undefined {
  try {
    attempt()
    return undefined
  } catch (error) {
    if (isSlipwayError(error)) return error
    throw error
  }
}

/** A value that must be there and not empty. Error: ROW_KEY_MISSING with the key of the REST contract. */
export function required<T extends string | readonly unknown[]>(restKey: string, value: T | undefined): T {
  if (value === undefined || value.length === 0) throw createError('ROW_KEY_MISSING', [restKey])
  return value
}

/**
 * A value that an existing row has and a new one needs: absent keeps, empty is never allowed.
 * Error: ROW_KEY_MISSING with the key of the REST contract.
 */
export function kept<T extends string | readonly unknown[]>(
  restKey: string,
  given: T | undefined,
  existing: T | undefined,
): T {
  return required(restKey, given === undefined ? existing : given)
}

/** A text that may be cleared: absent keeps (a new row starts empty), null clears. */
export function keptText(given: string | null | undefined, existing: string | undefined): string {
  return (given === undefined ? existing : given) ?? ''
}

/** Different names of a request, for looking them up at once. */
export function distinct(names: Iterable<string | null | undefined>): string[] {
  const found = new Set<string>()
  for (const name of names) if (name !== undefined && name !== null && name !== '') found.add(name)
  return [...found]
}
