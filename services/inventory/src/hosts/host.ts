// A host: how it is reached, where it belongs. The order of checks is part of the REST contract:
// required keys → region → jump host → connection type → addresses → ports.
import { createError, type HostInput } from '@slipway/contracts'
import { checkAddress, parsePort } from '../address.ts'
import { type ConnectionType, checkConnectionType } from '../connection-type.ts'
import { kept, keptText, required } from '../row-plan.ts'
import { keptSecret, type SealFor } from '../sealing.ts'

/** What clients set. Sealed secrets are absent where there is none. */
export interface Host {
  readonly id: string
  readonly hostname: string
  readonly regionId: string
  /** The region's name. */
  readonly region: string
  readonly jumpHostId: string | undefined
  readonly roles: string
  readonly connectionType: ConnectionType
  readonly addresses: readonly string[]
  readonly ports: readonly number[]
  readonly username: string
  readonly sealedPassword: string | undefined
  readonly sealedEnablePassword: string | undefined
  readonly location: string
  readonly createdBy: string
  /** Counts every change, from 1. */
  readonly version: number
}

/** What is known when the rows of a request are judged; ids by name. */
export interface HostSurroundings {
  readonly hosts: ReadonlyMap<string, Host>
  /** Names of hosts whose deletion has begun. */
  readonly deleting: ReadonlySet<string>
  readonly regions: ReadonlyMap<string, string>
  readonly jumpHosts: ReadonlyMap<string, string>
}

export interface HostDecisionDeps {
  readonly around: HostSurroundings
  readonly seal: SealFor<'password' | 'enable_password'>
  readonly newId: () => string
  readonly createdBy: string
}

export interface HostDecision {
  readonly kind: 'create' | 'update' | 'none'
  readonly host: Host
  /** True if it was created or its connection changed: it has to be discovered. */
  readonly discover: boolean
}

const connectionFields = [
  'connectionType',
  'addresses',
  'ports',
  'username',
  'sealedPassword',
  'sealedEnablePassword',
  'jumpHostId',
] as const satisfies readonly (keyof Host)[]
const otherFields = ['regionId', 'roles', 'location'] as const satisfies readonly (keyof Host)[]

/** What a row of POST /hosts comes to. Errors: ROW_KEY_MISSING and the INVENTORY_* codes of the checks. */
export function decideHost(input: HostInput, deps: HostDecisionDeps): HostDecision {
  if (input.hostname === '') throw createError('INVENTORY_HOSTNAME_INVALID', [input.hostname])
  if (deps.around.deleting.has(input.hostname)) throw createError('INVENTORY_HOST_DELETING', [input.hostname])
  const existing = deps.around.hosts.get(input.hostname)
  const host = mergeHost(input, existing, deps)
  if (existing === undefined) return { kind: 'create', host, discover: true }
  const discover = differs(existing, host, connectionFields)
  if (!discover && !differs(existing, host, otherFields)) return { kind: 'none', host: existing, discover }
  return { kind: 'update', host: { ...host, version: existing.version + 1 }, discover }
}

function mergeHost(input: HostInput, existing: Host | undefined, deps: HostDecisionDeps): Host {
  checkRequired(input, existing)
  const id = existing?.id ?? deps.newId()
  return {
    id,
    hostname: input.hostname,
    ...mergePlace(input, existing, deps.around),
    ...mergeEndpoint(input, existing),
    roles: keptText(input.roles, existing?.roles),
    username: keptText(input.username, existing?.username),
    location: keptText(input.location, existing?.location),
    ...mergeSecrets(input, existing, id, deps.seal),
    createdBy: existing?.createdBy ?? deps.createdBy,
    version: existing?.version ?? 1,
  }
}

function mergeSecrets(
  input: HostInput,
  existing: Host | undefined,
  id: string,
  seal: HostDecisionDeps['seal'],
): Pick<Host, 'sealedPassword' | 'sealedEnablePassword'> {
  const sealed = (field: 'password' | 'enable_password', given: string | null | undefined, old?: string) =>
    keptSecret(given, old, () => seal(id, field, given ?? ''))
  return {
    sealedPassword: sealed('password', input.password, existing?.sealedPassword),
    sealedEnablePassword: sealed('enable_password', input.enablePassword, existing?.sealedEnablePassword),
  }
}

function checkRequired(input: HostInput, existing: Host | undefined): void {
  // All four before any of them is looked at: the contract's order.
  kept('region', input.region, existing?.region)
  kept('connection_type', input.connectionType, existing?.connectionType)
  kept('ts_or_ip', input.addresses, existing?.addresses)
}

function mergePlace(
  input: HostInput,
  existing: Host | undefined,
  around: HostSurroundings,
): Pick<Host, 'regionId' | 'region' | 'jumpHostId'> {
  const region = kept('region', input.region, existing?.region)
  const regionId = input.region === undefined ? existing?.regionId : around.regions.get(region)
  if (regionId === undefined) throw createError('INVENTORY_HOST_REGION_UNKNOWN', [region])
  return { regionId, region, jumpHostId: mergeJumpHost(input.jumpHost, existing?.jumpHostId, around) }
}

function mergeJumpHost(
  name: string | null | undefined,
  existing: string | undefined,
  around: HostSurroundings,
): string | undefined {
  if (name === undefined) return existing
  if (name === null || name === '') return undefined
  const id = around.jumpHosts.get(name)
  if (id === undefined) throw createError('INVENTORY_HOST_JUMP_HOST_UNKNOWN', [name])
  return id
}

function mergeEndpoint(
  input: HostInput,
  existing: Host | undefined,
): Pick<Host, 'connectionType' | 'addresses' | 'ports'> {
  const connectionType = checkConnectionType(input.connectionType ?? existing?.connectionType)
  const addresses = required('ts_or_ip', input.addresses?.map(checkAddress) ?? existing?.addresses)
  const ports = input.ports === undefined ? existing?.ports : input.ports?.map(parsePort)
  return { connectionType, addresses, ports: ports ?? [] }
}

/** A secret that was given counts as changed: what is sealed cannot be compared without opening it. */
function differs(before: Host, after: Host, fields: readonly (keyof Host)[]): boolean {
  return fields.some((field) => String(before[field] ?? '') !== String(after[field] ?? ''))
}
