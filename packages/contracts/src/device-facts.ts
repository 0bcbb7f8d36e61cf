// What discovery finds on a router, as executor and inventory exchange it.
import { type Static, Type } from '@sinclair/typebox'
import { oneOf, strict, Text } from './shapes.ts'

export const packageStates = ['inactive', 'inactive-committed', 'active', 'active-committed'] as const

/** A software package on a host. `modules`: state by module where the router tells it (eXR). */
export const HostPackage = strict({
  name: Text,
  state: oneOf(packageStates),
  location: Text,
  modules: Type.Array(strict({ name: Text, state: oneOf(packageStates) })),
})
export type HostPackage = Static<typeof HostPackage>

/** One part of the chassis inventory. */
export const InventoryItem = strict({
  location: Text,
  name: Text,
  description: Text,
  modelName: Text,
  serialNumber: Text,
  hardwareRevision: Text,
})
export type InventoryItem = Static<typeof InventoryItem>

/** Facts of a host; "Unknown" stands until it is discovered. */
export const HostFacts = strict({
  family: Text,
  chassis: Text,
  softwarePlatform: Text,
  softwareVersion: Text,
  osType: Text,
})
export type HostFacts = Static<typeof HostFacts>

/** One look at a host. A part that could not be read is absent and leaves what is known. */
export const Discovery = strict({
  facts: Type.Optional(HostFacts),
  packages: Type.Optional(Type.Array(HostPackage)),
  inventory: Type.Optional(Type.Array(InventoryItem)),
})
export type Discovery = Static<typeof Discovery>
