// A database that cannot do its work now: it is away, it stops, or it has no room. Callers may try again later.
import { createError, isSlipwayError } from '@slipway/contracts'
import { sqlState } from './sql-state.ts'

/**
 * SQLSTATE classes: 53 insufficient resources (disk full, out of memory, too many connections), 57P operator
 * intervention (it stops or starts), 58 errors of its system (input and output), 08 connection; 25P03 is the end of a
 * transaction in which this process stood still for too long (pool.ts).
 */
const UNAVAILABLE = /^(53|57P|58|08|25P03)/
/** Prisma's codes: not reachable (P1001, P1002), connection closed (P1017), no connection free (P2024, P2037). */
const PRISMA_UNAVAILABLE = new Set(['P1001', 'P1002', 'P1017', 'P2024', 'P2037'])
/** Node's codes of a server that does not answer. */
const NODE_UNAVAILABLE = new Set(['ECONNREFUSED', 'ECONNRESET', 'ENOENT', 'ETIMEDOUT', 'EPIPE'])
/**
 * Time ran out, here: words of the pg client and its pool, and of Prisma's P2028, which says other things, too. A process
 * that was suspended meets them all at once when it goes on.
 */
const TIMED_OUT =
  /^(?:timeout exceeded when trying to connect|timeout expired|Connection terminated\b.*|Client has encountered a connection error\b.*)$|Unable to start a transaction in the given time|cannot be executed on an expired transaction/

/** An error of a database that is not available as BUS_UNAVAILABLE (503 to clients); any other as it is. */
export function asUnavailable(error: unknown): unknown {
  if (isSlipwayError(error)) return error
  return isUnavailable(error) ? createError('BUS_UNAVAILABLE', [], error) : error
}

function isUnavailable(error: unknown): boolean {
  if (UNAVAILABLE.test(sqlState(error) ?? '')) return true
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
  if (code === 'P2028' || code === undefined) return error instanceof Error && TIMED_OUT.test(error.message)
  if (typeof code !== 'string') return false
  return PRISMA_UNAVAILABLE.has(code) || (NODE_UNAVAILABLE.has(code) && isFromSystemCall(error))
}

/** Of a connection to a server: files that are missing are a fault of ours. */
function isFromSystemCall(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'syscall' in error && error.syscall === 'connect'
}
