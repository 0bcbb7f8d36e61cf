// Routes of hosts. Source: API guide, section 1.1; REST contract, sections 3 and 8.
import {
  createError,
  type HostInput,
  inventoryMessages,
  type RequestOf,
  type RowResult,
  toErrorBody,
} from '@slipway/contracts'
import type { ApiCall, ApiRoute } from '../http/api-route.ts'
import type { Asker, Backend } from '../http/backend.ts'
import { success } from '../http/envelope.ts'
import {
  deleteRoute,
  type NamedResource,
  nameParameter,
  pathName,
  upsertRoute,
} from '../http/named-resource.ts'
import { pageParameter } from '../http/query.ts'
import { isOneOf, type ParsedRow } from '../rows/bulk.ts'
import { absentNeededKey, readIdentity } from '../rows/read-row.ts'
import {
  hostFields,
  hostRules,
  parseHost,
  renderHost,
  renderInventoryItem,
  renderPackage,
} from './host-rows.ts'

const { hostname } = hostFields

/** Routes of hosts. */
export function hostRoutes(backend: Backend): ApiRoute[] {
  const { ask } = backend
  const hosts: NamedResource<HostInput, RowResult> = {
    path: '/hosts',
    listKey: 'host_list',
    identity: hostname,
    rules: hostRules,
    parse: parseHost,
    duplicate: (name) => createError('INVENTORY_HOST_DUPLICATE', [name]),
    review: (asker, parsed) => preferMissingKeys(backend, asker, parsed),
    upsert: async (asker, rows) => (await ask(asker, inventoryMessages.upsertHosts, { rows })).rows,
  }
  return [
    upsertRoute(hosts),
    {
      method: 'GET',
      path: '/hosts',
      permission: 'read',
      query: ['hostname', 'region', 'family', 'page'],
      handle: async (call) => {
        const reply = await ask(call, inventoryMessages.listHosts, hostFilter(call))
        const pages = { current_page: reply.page, total_pages: reply.totalPages }
        return success({ host_list: reply.rows.map(renderHost) }, pages)
      },
    },
    deleteRoute(hosts, (asker, name) => ask(asker, inventoryMessages.deleteHost, { hostname: name })),
    ...oneHostRoutes(backend),
  ]
}

/** What is known of one host, and looking at it anew. */
function oneHostRoutes({ ask }: Backend): ApiRoute[] {
  return [
    {
      method: 'GET',
      path: '/hosts/:name/packages',
      permission: 'read',
      handle: async (call) => {
        const asked = { hostname: pathName(call, hostname) }
        const { packages } = await ask(call, inventoryMessages.listPackages, asked)
        return success({ package_list: packages.map(renderPackage) })
      },
    },
    {
      method: 'GET',
      path: '/hosts/:name/inventory',
      permission: 'read',
      handle: async (call) => {
        const asked = { hostname: pathName(call, hostname) }
        const { items } = await ask(call, inventoryMessages.listInventory, asked)
        return success({ inventory_list: items.map(renderInventoryItem) })
      },
    },
    {
      method: 'POST',
      path: '/hosts/:name/inventory',
      permission: 'install.manage',
      handle: async (call) => {
        const asked = { hostname: pathName(call, hostname) }
        await ask(call, inventoryMessages.refreshHost, asked)
        return { ...success({ status: 'SUCCESS', ...asked }), status: 202 }
      },
    },
  ]
}

function hostFilter({ query }: ApiCall): RequestOf<typeof inventoryMessages.listHosts> {
  const wantedHost = nameParameter(hostname, query['hostname'])
  const wantedRegion = nameParameter({ ...hostFields.region, key: 'region' }, query['region'])
  const family = query['family']
  return {
    page: pageParameter(query['page']),
    ...(wantedHost === undefined ? {} : { hostname: wantedHost }),
    ...(wantedRegion === undefined ? {} : { region: wantedRegion }),
    ...(family === undefined ? {} : { family }),
  }
}

/**
 * A needed key that is missing is told before wrong types and lengths, but only where the host is new, which the
 * inventory knows. It is asked only about rows with both faults.
 */
async function preferMissingKeys(
  { ask }: Backend,
  asker: Asker,
  parsed: ParsedRow<HostInput>[],
): Promise<ParsedRow<HostInput>[]> {
  const suspects = new Map(parsed.flatMap((entry) => suspectOf(entry)))
  if (suspects.size === 0) return parsed
  const hostnames = [...new Set([...suspects.values()].map(({ name }) => name))]
  const known = await ask(asker, inventoryMessages.resolveNames, {
    hostnames,
    repositories: [],
    profiles: [],
  })
  const existing = new Set(known.hosts.map((host) => host.hostname))
  return parsed.map((entry) => {
    const suspect = suspects.get(entry)
    if (suspect === undefined || existing.has(suspect.name)) return entry
    return { row: entry.row, error: toErrorBody(createError('ROW_KEY_MISSING', [suspect.key])) }
  })
}

function suspectOf(entry: ParsedRow<HostInput>): [ParsedRow<HostInput>, { name: string; key: string }][] {
  const { row, error } = entry
  const key = absentNeededKey(row, hostFields)
  if (error === undefined || key === undefined) return []
  // These come before needed keys are looked at.
  if (isOneOf(error, ['ROW_KEY_UNKNOWN', 'ROW_KEYS_UNKNOWN', 'ROW_KEY_MISSING'])) return []
  const name = identityOf(entry)
  return name === undefined ? [] : [[entry, { name, key }]]
}

function identityOf({ row }: ParsedRow<HostInput>): string | undefined {
  try {
    return readIdentity(row, hostname, hostRules)
  } catch {
    return undefined
  }
}
