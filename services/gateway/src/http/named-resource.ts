// The three routes that everything hosts and jobs refer to has in common: POST changes rows, GET lists all or one,
// DELETE removes one by name. Source: REST contract, section 4.
import { createError, type Permission, type RowResult, type SlipwayError } from '@slipway/contracts'
import { type ParsedRow, parseRows, type RowOutcome, sendRows } from '../rows/bulk.ts'
import type { Field } from '../rows/field.ts'
import { mapInTurns } from '../rows/in-turns.ts'
import type { JsonRow } from '../rows/json-row.ts'
import { echoOf } from '../rows/json-row.ts'
import { type RowRules, readIdentity } from '../rows/read-row.ts'
import type { ApiCall, ApiRoute } from './api-route.ts'
import type { Asker } from './backend.ts'
import { failedRowOf, statusOfRows, success } from './envelope.ts'

export interface NamedResource<I, R extends RowResult> {
  /** First segment of its paths. */
  readonly path: string
  /** Key of the list in answers. */
  readonly listKey: string
  readonly identity: Field<string, 'identity'>
  readonly rules?: RowRules
  /** What a row is about, as it is compared, where that is more than what `identity` reads. */
  identify?(row: JsonRow): string
  /** Who may change and who may read. Default: inventory.manage, read. */
  readonly permissions?: { readonly change: Permission; readonly read: Permission }
  parse(row: JsonRow): I
  duplicate?(identity: string): SlipwayError
  /** Last word about rows that failed here, before the others are sent. */
  review?(asker: Asker, parsed: ParsedRow<I>[]): Promise<ParsedRow<I>[]>
  upsert(asker: Asker, inputs: I[]): Promise<readonly R[]>
  /** Further keys of an answer row, whether it is good or failed. */
  describe?(outcome: RowOutcome<R>): Readonly<Record<string, string>>
}

/** What GET and DELETE of a resource need. */
export interface NamedResourceQueries {
  /** Rendered rows: all, or the named one. */
  list(asker: Asker, name: string | undefined): Promise<readonly unknown[]>
  /** Answers the name as it was stored, where that may differ. */
  remove(asker: Asker, name: string): Promise<unknown>
}

const permissionsOf = ({ permissions }: Pick<NamedResource<unknown, RowResult>, 'permissions'>) =>
  permissions ?? ({ change: 'inventory.manage', read: 'read' } as const)

/** The POST route of a resource. */
export function upsertRoute<I, R extends RowResult>(resource: NamedResource<I, R>): ApiRoute {
  return {
    method: 'POST',
    path: resource.path,
    permission: permissionsOf(resource).change,
    rows: true,
    handle: async (call) => {
      const parsed = await parseRows(call.rows, {
        parse: resource.parse,
        identify: (row) => resource.identify?.(row) ?? readIdentity(row, resource.identity, resource.rules),
        duplicate: (name) =>
          resource.duplicate?.(name) ?? createError('ROW_DUPLICATE', [resource.identity.key, name]),
      })
      const reviewed = (await resource.review?.(call, parsed)) ?? parsed
      const outcomes = await sendRows(reviewed, (inputs) => resource.upsert(call, inputs))
      const rows = await mapInTurns(outcomes, (outcome) => answerRow(resource, outcome))
      return { ...success({ [resource.listKey]: rows }), status: statusOfRows(rows) }
    },
  }
}

function answerRow<I, R extends RowResult>(resource: NamedResource<I, R>, outcome: RowOutcome<R>) {
  const { row, result, error } = outcome
  const { key } = resource.identity
  return {
    ...(error === undefined ? { status: 'SUCCESS' } : failedRowOf(error)),
    [key]: result?.key ?? echoOf(row, key),
    ...resource.describe?.(outcome),
  }
}

/** GET and DELETE of a resource. */
export function namedRoutes<I, R extends RowResult>(
  resource: NamedResource<I, R>,
  queries: NamedResourceQueries,
): ApiRoute[] {
  const { key } = resource.identity
  return [
    {
      method: 'GET',
      path: resource.path,
      permission: permissionsOf(resource).read,
      query: [key],
      handle: async (call) => {
        const rows = await queries.list(call, nameParameter(resource.identity, call.query[key]))
        return success({ [resource.listKey]: rows })
      },
    },
    deleteRoute(resource, queries.remove),
  ]
}

/** `DELETE …/<name>/delete`. */
export function deleteRoute<I, R extends RowResult>(
  resource: Pick<NamedResource<I, R>, 'path' | 'identity' | 'permissions'>,
  remove: NamedResourceQueries['remove'],
): ApiRoute {
  const { key } = resource.identity
  return {
    method: 'DELETE',
    path: `${resource.path}/:name/delete`,
    permission: permissionsOf(resource).change,
    handle: async (call) => {
      const name = pathName(call, resource.identity)
      const removed = await remove(call, name)
      return success({ status: 'SUCCESS', [key]: typeof removed === 'string' ? removed : name })
    },
  }
}

/** The name in a path, as it is compared. Errors: INPUT_PARAMETER_EMPTY, ROW_INVALID_CHARACTERS, ROW_TOO_LONG. */
export function pathName(call: ApiCall, identity: Field<string>): string {
  return readNameOf(identity, call.params['name'] ?? '')
}

/** A name given as parameter, as it is compared; absent stays absent. Errors as `pathName`. */
export function nameParameter(identity: Field<string>, value: string | undefined): string | undefined {
  return value === undefined ? undefined : readNameOf(identity, value)
}

function readNameOf(identity: Field<string>, value: string): string {
  const name = identity.read(value)
  if (name === '') throw createError('INPUT_PARAMETER_EMPTY', [identity.key])
  identity.checkLength(name)
  return name
}
