// Messages of the inventory service: regions, hosts, jump hosts, server repositories, command profiles, packages.
import { type Static, Type } from '@sinclair/typebox'
import { Discovery, HostFacts, HostPackage, InventoryItem } from './device-facts.ts'
import { defineDelivery, defineEvent, defineRpc, type Rpc } from './message.ts'
import { Clearable, Id, Moment, Nothing, oneOf, RowResults, Sealed, strict, Text } from './shapes.ts'

export const serverTypes = ['TFTP', 'FTP', 'SFTP', 'SCP', 'LOCAL', 'HTTP', 'HTTPS'] as const
export type ServerType = (typeof serverTypes)[number]
export const connectionTypes = ['telnet', 'ssh'] as const

const rows = <T extends Parameters<typeof Type.Array>[0]>(row: T) =>
  strict({ rows: Type.Array(row, { minItems: 1, maxItems: 10_000 }) })

const manage = { permission: 'inventory.manage', reply: RowResults, timeoutMs: 60_000 } as const
const read = { permission: 'read' } as const

/** `name` undefined lists all; an unknown name is the kind's NOT_FOUND error. */
const ByName = strict({ name: Type.Optional(Text) })
const Named = strict({ name: Text })

/**
 * A host as asked for. Absent keys keep the value of an existing host; null clears an optional one. Strings have
 * passed type, length and character rules at the gateway; whether they make sense (region, jump host, connection
 * type, addresses, ports) is the inventory's to say, in that order.
 */
export const HostInput = strict({
  hostname: Text,
  region: Type.Optional(Text),
  roles: Clearable(Text),
  connectionType: Type.Optional(Text),
  addresses: Type.Optional(Type.Array(Text)),
  ports: Clearable(Type.Array(Text)),
  username: Clearable(Text),
  password: Clearable(Text),
  enablePassword: Clearable(Text),
  jumpHost: Clearable(Text),
  location: Clearable(Text),
})
export type HostInput = Static<typeof HostInput>

export const HostRow = strict({
  id: Id,
  hostname: Text,
  region: Text,
  roles: Text,
  connectionType: oneOf(connectionTypes),
  addresses: Type.Array(Text),
  ports: Type.Array(Type.Integer()),
  username: Text,
  jumpHost: Text,
  location: Text,
  facts: HostFacts,
  createdBy: Text,
  createdAt: Moment,
})
export type HostRow = Static<typeof HostRow>

export const RegionInput = strict({
  name: Text,
  /** Names; absent keeps, empty clears. */
  serverRepositories: Type.Optional(Type.Array(Text)),
})
export const RegionRow = strict({ name: Text, serverRepositories: Type.Array(Text), createdBy: Text })
export type RegionInput = Static<typeof RegionInput>
export type RegionRow = Static<typeof RegionRow>

export const JumpHostInput = strict({
  name: Text,
  connectionType: Type.Optional(Text),
  address: Type.Optional(Text),
  port: Clearable(Text),
  username: Clearable(Text),
  password: Clearable(Text),
})
export const JumpHostRow = strict({
  name: Text,
  connectionType: oneOf(connectionTypes),
  address: Text,
  port: Text,
  username: Text,
  createdBy: Text,
})
export type JumpHostInput = Static<typeof JumpHostInput>
export type JumpHostRow = Static<typeof JumpHostRow>

/** All keys of all types; which belong to a type, and which it needs, is the inventory's to say. */
export const RepositoryInput = strict({
  name: Text,
  serverType: Type.Optional(Text),
  tftpServerPath: Clearable(Text),
  fileDirectory: Clearable(Text),
  serverAddress: Clearable(Text),
  homeDirectory: Clearable(Text),
  vrf: Clearable(Text),
  username: Clearable(Text),
  password: Clearable(Text),
  destinationOnHost: Clearable(Text),
  devicePath: Clearable(Text),
})
export const RepositoryRow = strict({
  id: Id,
  name: Text,
  serverType: oneOf(serverTypes),
  tftpServerPath: Text,
  fileDirectory: Text,
  serverAddress: Text,
  homeDirectory: Text,
  vrf: Text,
  username: Text,
  destinationOnHost: Text,
  devicePath: Text,
  createdBy: Text,
})
export type RepositoryInput = Static<typeof RepositoryInput>
export type RepositoryRow = Static<typeof RepositoryRow>

export const ProfileInput = strict({ name: Text, commands: Type.Optional(Type.Array(Text)) })
export const ProfileRow = strict({ name: Text, commands: Type.Array(Text), createdBy: Text })
export type ProfileInput = Static<typeof ProfileInput>
export type ProfileRow = Static<typeof ProfileRow>

/** What an executor needs to act on a host now. Credentials are sealed; only executors can open them. */
export const ExecutionTarget = strict({
  host: strict({
    id: Id,
    hostname: Text,
    connectionType: oneOf(connectionTypes),
    addresses: Type.Array(Text),
    ports: Type.Array(Type.Integer()),
    username: Text,
    sealedPassword: Type.Optional(Sealed),
    sealedEnablePassword: Type.Optional(Sealed),
    /** Facts as known before, "Unknown" if never discovered. */
    facts: HostFacts,
  }),
  jumpHost: Type.Optional(
    strict({
      id: Id,
      name: Text,
      connectionType: oneOf(connectionTypes),
      address: Text,
      port: Text,
      username: Text,
      sealedPassword: Type.Optional(Sealed),
    }),
  ),
  repository: Type.Optional(strict({ ...RepositoryRow.properties, sealedPassword: Type.Optional(Sealed) })),
  profiles: Type.Array(strict({ name: Text, commands: Type.Array(Text) })),
  /** What no longer exists: 'Host …', 'Server repository …', 'Custom command profile …', ready to be shown. */
  missing: Type.Array(Text),
})
export type ExecutionTarget = Static<typeof ExecutionTarget>

export const inventoryMessages = {
  /** Creates or changes hosts by name. Results stand in request order; a bad row leaves the others as they are. */
  upsertHosts: defineRpc('inventory', 'host.upsert', { ...manage, request: rows(HostInput) }),
  /** Filters are ANDed. Errors: INVENTORY_REGION_NOT_FOUND, INVENTORY_HOST_NOT_FOUND, INPUT_PAGE_UNKNOWN. */
  listHosts: defineRpc('inventory', 'host.list', {
    ...read,
    request: strict({
      hostname: Type.Optional(Text),
      region: Type.Optional(Text),
      family: Type.Optional(Text),
      page: Type.Integer({ minimum: 1 }),
    }),
    reply: strict({ rows: Type.Array(HostRow), page: Type.Integer(), totalPages: Type.Integer() }),
    timeoutMs: 15_000,
  }),
  /** Deletes a host with its jobs. Errors: INVENTORY_HOST_NOT_FOUND, INVENTORY_HOST_JOB_RUNNING. */
  deleteHost: defineRpc('inventory', 'host.delete', {
    request: strict({ hostname: Text }),
    reply: Nothing,
    permission: 'inventory.manage',
    timeoutMs: 30_000,
  }),
  /** Schedules a discovery now. */
  refreshHost: defineRpc('inventory', 'host.refresh', {
    request: strict({ hostname: Text }),
    reply: Nothing,
    permission: 'install.manage',
  }),
  /** The packages of a host as last discovered. Error: INVENTORY_HOST_NOT_FOUND. */
  listPackages: defineRpc('inventory', 'host.packages', {
    ...read,
    request: strict({ hostname: Text }),
    reply: strict({ packages: Type.Array(HostPackage) }),
  }),
  /** The parts of a host's chassis as last discovered. Error: INVENTORY_HOST_NOT_FOUND. */
  listInventory: defineRpc('inventory', 'host.inventory', {
    ...read,
    request: strict({ hostname: Text }),
    reply: strict({ items: Type.Array(InventoryItem) }),
  }),

  /** Creates or changes regions by name. Results stand in request order. */
  upsertRegions: defineRpc('inventory', 'region.upsert', { ...manage, request: rows(RegionInput) }),
  /** Regions by name. Error: INVENTORY_REGION_NOT_FOUND. */
  listRegions: defineRpc('inventory', 'region.list', {
    ...read,
    request: ByName,
    reply: strict({ rows: Type.Array(RegionRow) }),
  }),
  /** Deletes a region. Errors: INVENTORY_REGION_NOT_FOUND, INVENTORY_IN_USE (a host is in it). */
  deleteRegion: defineRpc('inventory', 'region.delete', {
    request: Named,
    reply: Nothing,
    permission: 'inventory.manage',
  }),
  /** Creates or changes jump hosts by name. Results stand in request order. */
  upsertJumpHosts: defineRpc('inventory', 'jump-host.upsert', { ...manage, request: rows(JumpHostInput) }),
  /** Jump hosts by name. Error: INVENTORY_JUMP_HOST_NOT_FOUND. */
  listJumpHosts: defineRpc('inventory', 'jump-host.list', {
    ...read,
    request: ByName,
    reply: strict({ rows: Type.Array(JumpHostRow) }),
  }),
  /** Deletes a jump host. Errors: INVENTORY_JUMP_HOST_NOT_FOUND, INVENTORY_IN_USE (a host is reached through it). */
  deleteJumpHost: defineRpc('inventory', 'jump-host.delete', {
    request: Named,
    reply: Nothing,
    permission: 'inventory.manage',
  }),
  /** Creates or changes server repositories by name. Results stand in request order. */
  upsertRepositories: defineRpc('inventory', 'server-repository.upsert', {
    ...manage,
    request: rows(RepositoryInput),
    /** Row keys carry the server type as stored. */
    reply: strict({
      rows: Type.Array(
        strict({ ...RowResults.properties.rows.items.properties, serverType: Type.Optional(Text) }),
      ),
    }),
  }),
  /** Server repositories by name. Error: INVENTORY_REPOSITORY_NOT_FOUND. */
  listRepositories: defineRpc('inventory', 'server-repository.list', {
    ...read,
    request: ByName,
    reply: strict({ rows: Type.Array(RepositoryRow) }),
  }),
  /** Deletes a server repository. Errors: INVENTORY_REPOSITORY_NOT_FOUND, INVENTORY_IN_USE (a region or a job refers to it). */
  deleteRepository: defineRpc('inventory', 'server-repository.delete', {
    request: Named,
    reply: Nothing,
    permission: 'inventory.manage',
  }),
  /** Creates or changes custom command profiles by name. Results stand in request order. */
  upsertProfiles: defineRpc('inventory', 'command-profile.upsert', {
    ...manage,
    request: rows(ProfileInput),
  }),
  /** Custom command profiles by name. Error: INVENTORY_PROFILE_NOT_FOUND. */
  listProfiles: defineRpc('inventory', 'command-profile.list', {
    ...read,
    request: ByName,
    reply: strict({ rows: Type.Array(ProfileRow) }),
  }),
  /** Deletes a custom command profile. Errors: INVENTORY_PROFILE_NOT_FOUND, INVENTORY_IN_USE (a job refers to it). */
  deleteProfile: defineRpc('inventory', 'command-profile.delete', {
    request: Named,
    reply: Nothing,
    permission: 'inventory.manage',
  }),

  /** Which of the names exist; unknown ones are simply not in the answer. For validating installation requests. */
  resolveNames: defineRpc('inventory', 'name.resolve', {
    request: strict({
      hostnames: Type.Array(Text),
      repositories: Type.Array(Text),
      profiles: Type.Array(Text),
    }),
    reply: strict({
      hosts: Type.Array(strict({ hostname: Text, id: Id })),
      repositories: Type.Array(Text),
      profiles: Type.Array(Text),
    }),
    permission: 'read',
    timeoutMs: 15_000,
  }),
  /** Everything an executor needs for one attempt, resolved anew each time. */
  resolveTarget: defineRpc('inventory', 'execution.resolve', {
    request: strict({
      hostId: Id,
      serverRepository: Type.Optional(Text),
      commandProfiles: Type.Array(Text),
    }),
    reply: ExecutionTarget,
    permission: 'internal',
  }),
} as const satisfies Record<string, Rpc>

export const inventoryDeliveries = {
  /** An executor looked at a host: facts, packages, parts. An older look never replaces a newer one. */
  recordDiscovery: defineDelivery(
    'inventory',
    'host.record-discovery',
    strict({ hostId: Id, observedAt: Moment, discovery: Discovery }),
  ),
} as const

export const inventoryEvents = {
  /** Hosts were added, changed or deleted. */
  hostsChanged: defineEvent(
    'inventory',
    'host.changed',
    strict({ hosts: Type.Array(strict({ hostId: Id, version: Type.Integer() })) }),
  ),
} as const
