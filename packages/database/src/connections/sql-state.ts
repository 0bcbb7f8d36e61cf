// PostgreSQL's error codes (SQLSTATE), as Prisma's driver adapter or the pg client hands them on.
import pg from 'pg'

/** Data the database refuses (class 22) or that breaks a constraint (class 23). */
const DATA_ERROR = /^2[23]/
/** Serialization failure and deadlock: another transaction was quicker, the same one may succeed now. */
const LOST_RACE = new Set(['40001', '40P01'])
const UNIQUE_VIOLATION = '23505'
const FOREIGN_KEY_VIOLATION = '23503'
const ATTEMPTS = 4

/** The code of a failed statement; undefined if the error is none of the database. */
export function sqlState(error: unknown): string | undefined {
  if (error instanceof pg.DatabaseError) return error.code
  let value = error
  for (const name of ['meta', 'driverAdapterError', 'cause', 'originalCode']) value = property(value, name)
  return typeof value === 'string' ? value : undefined
}

/** True if what was to be written is at fault, not the database. */
export const isDataError = (error: unknown): boolean => DATA_ERROR.test(sqlState(error) ?? '')

/** True if the transaction was undone in favour of another one. */
export const isLostRace = (error: unknown): boolean => LOST_RACE.has(sqlState(error) ?? '')

/** True if there is such a row already. */
export const isDuplicate = (error: unknown): boolean => sqlState(error) === UNIQUE_VIOLATION

/** True if a row could not be removed because others refer to it, or refers to one that is not there. */
export const isReferenceError = (error: unknown): boolean => sqlState(error) === FOREIGN_KEY_VIOLATION

/** Runs a transaction again from its beginning while `lost` says that another one was quicker; four times at most. */
export async function retryLost<T>(transaction: () => Promise<T>, lost = isLostRace): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await transaction()
    } catch (error) {
      if (attempt === ATTEMPTS || !lost(error)) throw error
    }
  }
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}
