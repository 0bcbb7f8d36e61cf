// What can go wrong below the services. These errors are met by operators at start, not by API clients, so they
// stand here and not in the catalogue of the REST contract. Code is API, text is for people.

/** The errors of this package by code; `{}` stands for what the error is about. */
export const databaseErrorMessages = {
  DATABASE_PLATFORM_UNSUPPORTED:
    'No embedded PostgreSQL for {}. Give every service a <SERVICE>_DATABASE_URL of a PostgreSQL server instead.',
  DATABASE_LOCKED: 'The data directory {} is in use by another Slipway (process {}).',
  DATABASE_NO_USER:
    'PostgreSQL refuses to run as root, and neither the user postgres nor nobody exists on this machine.',
  DATABASE_PLACEMENT_FAILED:
    'PostgreSQL cannot enter {} as user {}, and {} cannot be used instead: {}. Set SLIPWAY_DATA_DIR to a place it can enter.',
  DATABASE_PLACE_LOST:
    'The database was placed in {}, which is gone. Restore it, or delete {}/{} to begin with an empty one.',
  DATABASE_OWNER: 'The database in {} belongs to user id {}, not to the user who runs Slipway ({}).',
  DATABASE_PATH_INVALID:
    'The path {} contains a character that PostgreSQL cannot take (one of " $ ` \\ or a line end).',
  DATABASE_INIT_FAILED: 'The database could not be created in {}: {}',
  DATABASE_START_FAILED: 'PostgreSQL did not start in {}: {}',
  DATABASE_STOP_FAILED: 'PostgreSQL in {} did not stop: {}',
  DATABASE_VERSION: 'The database in {} was made by PostgreSQL {}, this Slipway brings {}.',
  DATABASE_NAME_INVALID: "'{}' is not a database name: small letters, digits and underscores, at most 63.",
  DATABASE_NOT_UTF8: "The database '{}' has the encoding {}. Slipway needs UTF8.",
  DATABASE_MIGRATION_UNREADABLE: 'The migration {} cannot be read: {}',
  DATABASE_MIGRATION_EDITED:
    "The migration '{}' was changed after it had been applied to the database '{}'. Restore the file; changes belong in a new migration.",
  DATABASE_MIGRATION_OUT_OF_ORDER:
    "The migration '{}' is older than '{}', which the database '{}' already has. Give it a newer date.",
  DATABASE_MIGRATION_FAILED: "The migration '{}' failed on the database '{}', nothing of it was applied: {}",
  DATABASE_MIGRATION_BUSY: "Another process has been migrating the database '{}' for more than {} seconds.",
  DATABASE_ENGINE_FAILED: 'The schema engine failed: {}',
} as const

/** The codes of this package; see its README. */
export type DatabaseErrorCode = keyof typeof databaseErrorMessages

/** An error of this package. Test with `hasDatabaseCode`. */
export interface DatabaseError extends Error {
  readonly code: DatabaseErrorCode
}

/** Makes an error; the parameters fill the `{}` of its text in order. */
export function databaseError(
  code: DatabaseErrorCode,
  params: readonly (string | number)[] = [],
  cause?: unknown,
): DatabaseError {
  const rest = [...params]
  const text = databaseErrorMessages[code].replace(/\{\}/g, (hole) =>
    rest.length > 0 ? String(rest.shift()) : hole,
  )
  const error = new Error(text, cause === undefined ? undefined : { cause })
  error.name = 'DatabaseError'
  return Object.assign(error, { code })
}

/** True if the value is an error with this code. */
export function hasDatabaseCode(value: unknown, code: DatabaseErrorCode): value is DatabaseError {
  return value instanceof Error && 'code' in value && value.code === code
}

/** The text of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
