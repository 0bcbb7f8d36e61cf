// docs/errors.md: what can go wrong, by code, from the tables in which the codes are declared.
import { createError, type ErrorCode, errorCatalogue } from '@slipway/contracts'
import { databaseErrorMessages } from '@slipway/database'
import { statusOf } from '@slipway/gateway'
import { deviceErrorMeanings } from '@slipway/router-session'
import { secretsErrorMessages } from '@slipway/secrets'
import { code, page, prose, table } from './markdown.ts'

/** The first word of a code says to whom it belongs. */
const groups: Readonly<Record<string, string>> = {
  INPUT: 'Requests as a whole',
  ROUTE: 'Paths and methods',
  ROW: 'Rows of bulk requests',
  AUTH: 'Authentication and permission',
  INVENTORY: 'Inventory',
  CATALOG: 'Catalog',
  SCHEDULER: 'Scheduler',
  EXECUTOR: 'Executor',
  DISTRIBUTION: 'Distribution',
  GATEWAY: 'Gateway',
  BUS: 'Bus',
  INTERNAL: 'Everything else',
}

const about = `Code and kind are API: programs switch on them. \`{}\` in a message stands for what the error is about. The status is
that of a request that failed as a whole; in a bulk answer the message stands in its row.`

const below = `These are met by operators at start, or stand in the log, not by clients of the API.`

const devices = `Trouble on the way to a router or with it. They stand in the log and, in words, in the \`status_message\` of a job; a
command that the router refused is no such error: the job fails with the router's own words.`

/** The page. Throws if a code belongs to no group. */
export function errorsPage(): string {
  const names = Object.keys(errorCatalogue) as ErrorCode[]
  const strange = names.filter((name) => groups[prefixOf(name)] === undefined)
  if (strange.length > 0) throw new Error(`No group for ${strange.join(', ')}`)
  const catalogue = Object.entries(groups).map(([prefix, title]) => {
    const rows = names.filter((name) => prefixOf(name) === prefix).map(rowOf)
    return `## ${title}\n\n${table(['code', 'kind', 'status', 'again', 'message'], rows)}`
  })
  return page('Errors', [
    about,
    '_again_: the same request may succeed later without a change.',
    ...catalogue,
    `## Routers\n\n${devices}\n\n${codes('meaning', deviceErrorMeanings, prose)}`,
    `## Database, keys and settings\n\n${below}`,
    codes('message', { ...databaseErrorMessages, ...secretsErrorMessages, ...settingsErrors }, code),
  ])
}

/** service-kit has one error, whose message lists what is wrong. */
const settingsErrors = { CONFIG_INVALID: 'The settings are not valid: {}' }

const prefixOf = (name: string): string => name.split('_', 1)[0] ?? ''

function rowOf(name: ErrorCode): string[] {
  const { kind, retryable, message } = errorCatalogue[name]
  return [code(name), kind, String(statusOf(createError(name))), retryable ? 'yes' : '', code(message)]
}

type Render = (text: string) => string

const codes = (title: string, texts: Readonly<Record<string, string>>, render: Render): string =>
  table(
    ['code', title],
    Object.entries(texts).map(([name, text]) => [code(name), render(text)]),
  )
