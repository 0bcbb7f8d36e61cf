// Routes of dispatch switches: what is handed no new work. Source: REST contract, section 8.
import {
  createError,
  inventoryMessages,
  type ReplyOf,
  type SwitchInput,
  schedulerMessages,
  toErrorBody,
} from '@slipway/contracts'
import type { ApiCall, ApiRoute } from '../http/api-route.ts'
import type { Asker, Backend } from '../http/backend.ts'
import { failedRowOf, statusOfRows, success } from '../http/envelope.ts'
import { rfc1123 } from '../http/time-text.ts'
import { type ParsedRow, parseRows, type RowOutcome, sendRows } from '../rows/bulk.ts'
import { echoOf } from '../rows/json-row.ts'
import { identifySwitch, readSwitch, renderSwitch, type SwitchDraft } from './dispatch-rows.ts'

/** `GET` and `POST /dispatch`. */
export function dispatchRoutes(backend: Backend): ApiRoute[] {
  return [
    {
      method: 'GET',
      path: '/dispatch',
      permission: 'read',
      handle: async (call) => {
        const { rows } = await backend.ask(call, schedulerMessages.listSwitches, {})
        return success({ dispatch_list: rows.map((row) => renderSwitch(row, rfc1123)) })
      },
    },
    {
      method: 'POST',
      path: '/dispatch',
      permission: 'dispatch.manage',
      rows: true,
      handle: (call) => setSwitches(backend, call),
    },
  ]
}

async function setSwitches(backend: Backend, call: ApiCall) {
  const drafts = await parseRows(call.rows, {
    parse: readSwitch,
    identify: identifySwitch,
    duplicate: (identity) => createError('ROW_DUPLICATE', ['scope and name', identity]),
  })
  const parsed = await withTargets(backend, call, drafts)
  const outcomes = await sendRows(
    parsed,
    async (rows) => (await backend.ask(call, schedulerMessages.setSwitches, { rows })).rows,
  )
  const rows = outcomes.map(answerRow)
  return { ...success({ dispatch_list: rows }), status: statusOfRows(rows) }
}

type SetAnswer = ReplyOf<typeof schedulerMessages.setSwitches>['rows'][number]

function answerRow({ row, result, error }: RowOutcome<SetAnswer>) {
  if (error === undefined && result?.switch !== undefined) {
    return { status: 'SUCCESS', ...renderSwitch(result.switch, rfc1123) }
  }
  return {
    ...failedRowOf(error ?? toErrorBody(undefined)),
    scope: echoOf(row, 'scope'),
    name: echoOf(row, 'name'),
  }
}

/** Regions stand by name, hosts by id: both must exist, but what is paused can be resumed when it is gone. */
async function withTargets(
  backend: Backend,
  call: ApiCall,
  drafts: readonly ParsedRow<SwitchDraft>[],
): Promise<ParsedRow<SwitchInput>[]> {
  const good = drafts.flatMap((entry) => (entry.error === undefined ? [entry.input] : []))
  const namesOf = (scope: SwitchDraft['scope']) =>
    good.filter((draft) => draft.scope === scope).map(({ name }) => name)
  const [regions, hosts] = await Promise.all([
    knownRegions(backend, call, namesOf('region')),
    hostIds(backend, call, namesOf('host')),
  ])
  return drafts.map((entry) => {
    if (entry.error !== undefined) return entry
    const { row, input } = entry
    if (input.scope === 'global') return { row, input: { ...input, target: '' } }
    if (input.scope === 'region') {
      if (regions.has(input.name)) return { row, input: { ...input, target: input.name } }
      return { row, error: toErrorBody(createError('INVENTORY_REGION_NOT_FOUND', [input.name])) }
    }
    const target = hosts.get(input.name)
    if (target !== undefined) return { row, input: { ...input, target } }
    return { row, error: toErrorBody(createError('INVENTORY_HOST_NOT_FOUND', [input.name])) }
  })
}

/** Regions that exist, and those that are paused though they exist no more. */
async function knownRegions(
  { ask }: Backend,
  asker: Asker,
  names: readonly string[],
): Promise<ReadonlySet<string>> {
  if (names.length === 0) return new Set()
  const { rows } = await ask(asker, inventoryMessages.listRegions, {})
  const known = new Set(rows.map((region) => region.name))
  if (names.every((name) => known.has(name))) return known
  const switches = await ask(asker, schedulerMessages.listSwitches, {})
  for (const { scope, name } of switches.rows) if (scope === 'region') known.add(name)
  return known
}

async function hostIds(
  { ask }: Backend,
  asker: Asker,
  hostnames: string[],
): Promise<ReadonlyMap<string, string>> {
  if (hostnames.length === 0) return new Map()
  const names = { hostnames, repositories: [], profiles: [] }
  const { hosts } = await ask(asker, inventoryMessages.resolveNames, names)
  return new Map(hosts.map(({ hostname, id }) => [hostname, id]))
}
