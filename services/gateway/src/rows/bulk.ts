// Bulk changes: every row is read by itself, the good ones go to the service in one message, and the answer rows
// stand in request order. A row that fails leaves nothing behind and stops no other.
import {
  createError,
  type ErrorBody,
  type ErrorCode,
  isSlipwayError,
  type SlipwayError,
  toErrorBody,
} from '@slipway/contracts'
import { mapInTurns, turnForOthers } from './in-turns.ts'
import type { JsonRow } from './json-row.ts'

/** A row that was read, or why it could not be. */
export type ParsedRow<I> =
  | { readonly row: JsonRow; readonly input: I; readonly error?: undefined }
  | { readonly row: JsonRow; readonly error: ErrorBody }

/** What became of a row: the service's result, or the error of gateway or service. */
export interface RowOutcome<R> {
  readonly row: JsonRow
  readonly result: R | undefined
  readonly error: ErrorBody | undefined
}

export interface ParseRules<I> {
  parse(row: JsonRow): I
  /** What a row is about, as it is compared; throws if that cannot be told. */
  identify(row: JsonRow): string
  /** The error of a row whose identity stood in an earlier row. */
  duplicate(identity: string): SlipwayError
}

/** Reads rows; a later row of the same identity fails. Only errors of the catalogue are a row's own. */
export function parseRows<I>(rows: readonly JsonRow[], rules: ParseRules<I>): Promise<ParsedRow<I>[]> {
  const seen = new Set<string>()
  return mapInTurns(rows, (row) =>
    attempt(row, () => {
      const identity = rules.identify(row)
      const isDuplicate = seen.has(identity)
      seen.add(identity)
      const input = rules.parse(row)
      if (isDuplicate) throw rules.duplicate(identity)
      return input
    }),
  )
}

/** Runs what concerns one row. */
export function attempt<I>(row: JsonRow, read: () => I): ParsedRow<I> {
  try {
    return { row, input: read() }
  } catch (error) {
    if (!isSlipwayError(error)) throw error
    return { row, error: toErrorBody(error) }
  }
}

/** Sends the good rows in one message and puts results beside their rows. Errors: those of `send` as a whole. */
export async function sendRows<I, R extends { error?: ErrorBody }>(
  parsed: readonly ParsedRow<I>[],
  send: (inputs: I[]) => Promise<readonly R[]>,
): Promise<RowOutcome<R>[]> {
  const inputs = parsed.flatMap((entry) => (entry.error === undefined ? [entry.input] : []))
  await turnForOthers(inputs)
  const results = inputs.length === 0 ? [] : await send(inputs)
  if (results.length !== inputs.length) {
    throw createError('INTERNAL_UNEXPECTED', [], new Error('a bulk answer has another number of rows'))
  }
  const rest = results.values()
  return parsed.map(({ row, error }) => {
    if (error !== undefined) return { row, result: undefined, error }
    const result = rest.next().value
    return { row, result, error: result?.error }
  })
}

/** True for an error with one of the codes. */
export function isOneOf(error: ErrorBody, codes: readonly ErrorCode[]): boolean {
  return (codes as readonly string[]).includes(error.code)
}
