// What becomes of the rows of a bulk change. Every row is judged by itself: a row that fails is answered with its error
// and leaves nothing behind, the others are stored.
import { setImmediate as nextTurn } from 'node:timers/promises'
import {
  createError,
  isSlipwayError,
  type RowResult,
  type SlipwayError,
  toErrorBody,
} from '@slipway/contracts'

/** Rows judged in one turn of the event loop, and stored together: 500 take a few milliseconds. */
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

/** Judges all rows, in request order. Errors that are not of the catalogue fail the whole request. */
export async function planRows<I, T>(inputs: readonly I[], rules: RowRules<I, T>): Promise<RowPlan<T>> {
  const { results, portions } = planPortions(inputs, rules)
  const accepted: T[] = []
  for await (const portion of portions) for (const each of portion) accepted.push(each)
  return { results, accepted }
}

export interface PortionPlan<T> {
  /** One for each row, in request order; complete when the portions are at their end. */
  results: RowResult[]
  /** What the good rows came to, judged as it is asked for, so that it can be stored meanwhile. */
  portions: AsyncIterable<T[]>
}

/** Judges rows portion by portion. @param inOrder of names rather than of the request */
export function planPortions<I, T>(
  inputs: readonly I[],
  rules: RowRules<I, T>,
  inOrder = false,
): PortionPlan<T> {
  const results: RowResult[] = []
  const rows: Row<I>[] = []
  const seen = new Set<string>()
  for (const [index, input] of inputs.entries()) {
    const key = rules.nameOf(input)
    if (seen.has(key)) results.push({ key, error: toErrorBody(rules.duplicate(key)) })
    else {
      results.push({ key })
      rows.push({ index, key, input })
    }
    seen.add(key)
  }
  if (inOrder) rows.sort((a, b) => (a.key < b.key ? -1 : 1))
  return { results, portions: judgePortions(rows, rules, results) }
}

/** A row to be judged. */
interface Row<I> {
  readonly index: number
  readonly key: string
  readonly input: I
}

async function* judgePortions<I, T>(
  rows: readonly Row<I>[],
  { decide }: RowRules<I, T>,
  results: RowResult[],
): AsyncGenerator<T[]> {
  for (let start = 0; start < rows.length; start += rowsPerTurn) {
    if (start > 0) await nextTurn()
    const portion: T[] = []
    for (const { index, key, input } of rows.slice(start, start + rowsPerTurn)) {
      const error = judge(() => portion.push(decide(input)))
      if (error !== undefined) results[index] = { key, error: toErrorBody(error) }
    }
    yield portion
  }
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
