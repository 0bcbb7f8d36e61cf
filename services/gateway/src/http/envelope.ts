// The envelope of every answer under /api/v1. Source: REST contract, section 1.
import { type ErrorBody, toErrorBody } from '@slipway/contracts'

/** What a route answers: a status and a JSON body. */
export interface ApiAnswer {
  readonly status: number
  readonly body: unknown
}

/** 200 with the value under `api_response`; `siblings` stand beside it (pages). */
export function success(value: unknown, siblings: Readonly<Record<string, unknown>> = {}): ApiAnswer {
  return { status: 200, body: { api_response: value, ...siblings } }
}

/** The envelope of a request that failed as a whole. */
export function failureBody(message: string) {
  return { api_response: { status: 'FAILED', status_message: message } }
}

/** The part of a failed row that says why. */
export function failedRow(error: unknown) {
  return { status: 'FAILED', status_message: toErrorBody(error).message } as const
}

/** The part of a failed row whose error came over the bus. */
export function failedRowOf(error: ErrorBody) {
  return { status: 'FAILED', status_message: error.message } as const
}

/** Status of an answer with rows: all good 200, some failed 207, all failed 400. No rows are good. */
export function statusOfRows(rows: readonly { readonly status: string }[]): number {
  const failed = rows.filter((row) => row.status === 'FAILED').length
  if (failed === 0) return 200
  return failed === rows.length ? 400 : 207
}
