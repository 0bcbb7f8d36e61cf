// Every error a client, an operator or another service can meet. `docs/errors.md` is generated from this table.
import type { ErrorEntry } from './error-entry.ts'

const input = (message: string): ErrorEntry => ({ kind: 'Input', retryable: false, message })
const notFound = (message: string): ErrorEntry => ({ kind: 'NotFound', retryable: false, message })
const conflict = (message: string): ErrorEntry => ({ kind: 'Conflict', retryable: false, message })
const unavailable = (message: string): ErrorEntry => ({ kind: 'Unavailable', retryable: true, message })

export const errorCatalogue = {
  // Requests as a whole
  INPUT_MALFORMED_JSON: input('The request body is not valid JSON: {}'),
  INPUT_EMPTY_BODY: input('The request body is empty. Expected a JSON object or a list of JSON objects.'),
  INPUT_NOT_OBJECTS: input('The request body must be a JSON object or a list of JSON objects.'),
  INPUT_HEADER_INVALID: input("Header '{}' is invalid: {}"),
  INPUT_ONE_OBJECT: input('The request body must be one JSON object.'),
  INPUT_CONTENT_TYPE: input('Content-Type must be application/json.'),
  INPUT_HOST_HEADER: input('The request must have one Host header.'),
  INPUT_BAD_URL: input('The URL could not be decoded.'),
  INPUT_PARAMETER_UNKNOWN: input("Following parameter, '{}', is not allowed."),
  INPUT_PARAMETERS_UNKNOWN: input("Following parameters, '{}', are not allowed."),
  INPUT_PARAMETER_TWICE: input("Parameter '{}' is given more than once."),
  INPUT_PARAMETER_EMPTY: input("Parameter '{}' must not be empty."),
  INPUT_PARAMETER_MISSING: input("Missing parameter: '{}'."),
  INPUT_PARAMETER_INVALID: input("Parameter '{}' is invalid: {}"),
  INPUT_EVENT_ID_INVALID: input("Last-Event-ID '{}' is not an id of this stream of events."),
  INPUT_PAGE_NOT_NUMERIC: input('page must be an numeric value'),
  INPUT_PAGE_UNKNOWN: input('Unknown page number'),
  INPUT_TOO_LARGE: { kind: 'TooLarge', retryable: false, message: 'The request is too large: {}' },
  ROUTE_NOT_FOUND: notFound('Not Found'),
  ROUTE_METHOD_NOT_ALLOWED: { kind: 'Input', retryable: false, message: 'Method Not Allowed' },

  // Rows of bulk requests
  ROW_KEY_UNKNOWN: input("The following key, '{}', is invalid."),
  ROW_KEYS_UNKNOWN: input("The following keys, '{}', are invalid."),
  ROW_KEY_MISSING: input("Missing JSON key: '{}'."),
  ROW_WRONG_TYPE: input("'{}' must be {}."),
  ROW_TOO_LONG: input("'{}' is too long: at most {} characters."),
  ROW_TOO_SHORT: input("'{}' is too short: at least {} characters."),
  ROW_INVALID_CHARACTERS: input(
    '"{}" contains invalid characters. It should only contain a-z, A-Z, 0-9, blanks and ().-_:+@/',
  ),
  ROW_CONTROL_CHARACTERS: input("'{}' must not contain control characters."),
  ROW_INVALID_VALUE: input("'{}' is invalid: {}"),
  ROW_DUPLICATE: input("More than one entry with the same {}: '{}'."),

  // Authentication and permission
  AUTH_UNAUTHENTICATED: { kind: 'Unauthenticated', retryable: false, message: 'Unauthorized Access' },
  AUTH_NOT_AUTHORIZED: { kind: 'NotAuthorized', retryable: false, message: 'Not Authorized' },
  AUTH_THROTTLED: {
    kind: 'Throttled',
    retryable: true,
    message: 'Too many failed logins. Try again in {} seconds.',
  },
  AUTH_USER_NOT_FOUND: input("User '{}' does not exist in the database."),
  AUTH_USERNAME_INVALID: input(
    "'{}' is an invalid username. It must not contain ':', begin or end with a blank, or look like an access token.",
  ),
  AUTH_PRIVILEGE_INVALID: input("'{}' is an invalid privilege. It must be one of {}."),
  AUTH_LAST_ADMIN: input("'{}' is the last active Admin and must remain one."),
  AUTH_PASSWORD_WRONG: input('The present password is wrong.'),
  AUTH_STALE_REVOCATIONS: unavailable('The state of revoked tokens is not known at the moment.'),

  // Inventory
  INVENTORY_HOSTNAME_INVALID: input("'{}' is an invalid hostname."),
  INVENTORY_HOST_NOT_FOUND: input("Host '{}' does not exist in the database."),
  INVENTORY_HOST_DUPLICATE: input("More than one entry with the same hostname: '{}'."),
  INVENTORY_HOST_JOB_RUNNING: conflict("Unable to delete host '{}'. An install job is in progress."),
  INVENTORY_HOST_DELETING: {
    kind: 'Conflict',
    retryable: true,
    message: "Host '{}' is being deleted. Try again in a moment.",
  },
  INVENTORY_REGION_NOT_FOUND: input("Region '{}' does not exist in the database."),
  INVENTORY_HOST_REGION_UNKNOWN: input('Region "{}" does not exist in the database.'),
  INVENTORY_HOST_JUMP_HOST_UNKNOWN: input('Jump host "{}" does not exist in the database.'),
  INVENTORY_JUMP_HOST_NOT_FOUND: input("Jump host '{}' does not exist in the database."),
  INVENTORY_REPOSITORY_NOT_FOUND: input("Server repository '{}' does not exist in the database."),
  INVENTORY_PROFILE_NOT_FOUND: input("Custom command profile '{}' does not exist in the database."),
  INVENTORY_CONNECTION_TYPE: input('Connection Type must be either telnet or ssh'),
  INVENTORY_SERVER_TYPE: input("'{}' is an invalid server_type. It must be one of {}."),
  INVENTORY_ADDRESS_INVALID: input("'{}' is not an IPv4 address, an IPv6 address or a DNS name."),
  INVENTORY_PORT_INVALID: input("'{}' is not a port number from 1 to 65535."),
  INVENTORY_IN_USE: conflict("Unable to delete {} '{}'. Verify that it is not used by other {}."),

  // Scheduler
  SCHEDULER_ACTION_INVALID: input("'{}' is an invalid install action."),
  SCHEDULER_REPOSITORY_INVALID: input("'{}' is an invalid server repository."),
  SCHEDULER_PROFILE_INVALID: input("'{}' is an invalid custom command profile."),
  SCHEDULER_DIRECTORY_INVALID: input("'{}' is an invalid server directory."),
  SCHEDULER_PACKAGES_EMPTY: input('Software packages when specified cannot be empty.'),
  SCHEDULER_PACKAGE_INVALID: input("'{}' is an invalid software package name."),
  SCHEDULER_OFFSET_MISSING: input(
    'Missing utc_offset. If scheduled_time is submitted, utc_offset is also required.',
  ),
  SCHEDULER_OFFSET_REQUIRED: input('utc_offset must be specified if scheduled_time is specified.'),
  SCHEDULER_OFFSET_INVALID: input(
    "Invalid utc_offset: Must be in '<+|->dd:dd' format and be between -14:00 and +14:00.",
  ),
  SCHEDULER_TIME_INVALID: input("Invalid scheduled_time: {} must be in 'mm-dd-yyyy hh:mm AM|PM' format."),
  SCHEDULER_ROW_DUPLICATE: input(
    "More than one entry with the same hostname: '{}' and install_action: '{}'. Remove any duplicate and resubmit.",
  ),
  SCHEDULER_NOT_SUBMITTED: input('Not submitted. Check other jobs for error message.'),
  SCHEDULER_DEPENDENCY_ROW_FAILED: input('Not submitted. Its dependency failed.'),
  SCHEDULER_DEPENDENCY_NOT_FOUND: input("Dependency '{}' does not exist in the database."),
  SCHEDULER_DEPENDENCY_OTHER_HOST: input("The dependency '{}' requested belongs to a different host."),
  SCHEDULER_DEPENDENCY_LATER: input("The dependency '{}' requested has a later scheduled time."),
  SCHEDULER_DEPENDENCY_FAILED: input("The dependency '{}' requested has failed."),
  SCHEDULER_DEPENDENCY_INVALID: input(
    "'{}' is an invalid dependency or dependency does not belong to the same host.",
  ),
  SCHEDULER_JOB_NOT_FOUND: input("Install id '{}' does not exist in the database."),
  SCHEDULER_DELETE_JOB_NOT_FOUND: input("Install job id '{}' does not exist in the database."),
  SCHEDULER_DELETE_FILTER_MISSING: input('At least one of id, hostname and status must be specified.'),
  SCHEDULER_DELETE_IN_PROGRESS: conflict("Unable to delete install job '{}' as it is in progress."),
  SCHEDULER_DELETE_COMPLETED: conflict("Unable to delete install job '{}' as it is completed."),
  SCHEDULER_DELETE_STATUS: input("Invalid value for status: must be 'failed' or 'scheduled'."),
  SCHEDULER_RESUBMIT_STATE: conflict("Unable to resubmit install job '{}' as it is {}."),
  SCHEDULER_CANCEL_STATE: conflict("Unable to cancel install job '{}' as it is {}."),
  SCHEDULER_STATUS_INVALID: input("'{}' is an invalid job status."),
  SCHEDULER_TOO_MANY: input('Too many results; please refine your request.'),
  SCHEDULER_JOB_ID_MISSING: input('Install job id must be specified.'),
  SCHEDULER_HOST_BUSY: conflict('An install job is in progress on the host.'),
  SCHEDULER_KEY_REUSED: conflict('The Idempotency-Key was used before, with another request body.'),
  SCHEDULER_RUN_GONE: conflict('The job {} is no longer offered to this executor.'),

  // Catalog
  CATALOG_SOFTWARE_NOT_FOUND: input('Unable to get software information for platform {} and release {}'),
  CATALOG_ENTRY_NOT_FOUND: notFound('Unable to locate {}'),
  CATALOG_SOURCE_INVALID: input("'{}' is an invalid source: {}"),
  CATALOG_IMPORT_NOT_FOUND: notFound("Import '{}' does not exist in the database."),
  CATALOG_IMPORT_RUNNING: conflict('Import {} is in progress. Try again when it has ended.'),

  // Executor
  EXECUTOR_LOG_NOT_FOUND: input("Session log does not exist for install job id '{}'."),

  // Distribution
  DISTRIBUTION_REFUSED: input("'{}' breaks a rule of distributions: {}"),
  DISTRIBUTION_NOT_FOUND: notFound("Distribution '{}' does not exist."),
  DISTRIBUTION_UNSETTLED: unavailable("Distribution '{}' is still being written."),
  DISTRIBUTION_UPLOAD_ENDED: input('The upload ended before it was complete.'),
  DISTRIBUTION_BUSY: unavailable('Too many downloads are under way; please try again later.'),
  DISTRIBUTION_STORE_FULL: unavailable('The store of distributions has no room left.'),

  // Bus and everything else
  GATEWAY_STREAMS_FULL: unavailable('Too many streams of events are open; please try again later.'),
  GATEWAY_STOPPING: unavailable('This server is about to stop; please try again.'),
  BUS_UNAVAILABLE: unavailable('The service is not available at the moment.'),
  BUS_CONNECTION_LOST: unavailable(
    'The connection to the service was lost before it answered; a requested change may have been made.',
  ),
  BUS_NO_RESPONDER: unavailable('The service is not available at the moment.'),
  BUS_TIMEOUT: { kind: 'Timeout', retryable: true, message: 'The service did not answer in time.' },
  BUS_TOO_LARGE: { kind: 'TooLarge', retryable: false, message: 'The message is larger than {} bytes.' },
  BUS_INVALID_PAYLOAD: {
    kind: 'Internal',
    retryable: false,
    message: 'A message on {} breaks its contract: {}',
  },
  BUS_CLOSED: unavailable('The service is stopping.'),
  INTERNAL_UNEXPECTED: { kind: 'Internal', retryable: false, message: 'An unexpected error occurred.' },
} as const satisfies Record<string, ErrorEntry>

export type ErrorCode = keyof typeof errorCatalogue
