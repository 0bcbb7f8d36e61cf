// PostgreSQL's error codes (SQLSTATE), as the driver adapter hands them on.

/** Data the database refuses (class 22) or that breaks a constraint (class 23). */
const DATA_ERROR = /^2[23]/
/** Serialization failure and deadlock: another transaction was quicker, the same one may succeed now. */
const LOST_RACE = new Set(['40001', '40P01'])

/** True if what was to be written is at fault, not the database. */
export const isDataError = (error: unknown): boolean => DATA_ERROR.test(sqlState(error))

/** True if the transaction was undone in favour of another one. */
export const lostRace = (error: unknown): boolean => LOST_RACE.has(sqlState(error))

function sqlState(error: unknown): string {
  let value = error
  for (const name of ['meta', 'driverAdapterError', 'cause', 'originalCode']) value = property(value, name)
  return typeof value === 'string' ? value : ''
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}
