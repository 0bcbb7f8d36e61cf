import { type Static, Type } from '@sinclair/typebox'
import { Duration, Secret } from '@slipway/service-kit'

/** Settings of the inventory (`INVENTORY_*` unless named otherwise). */
export const inventoryConfig = Type.Object({
  masterKey: Secret({
    env: 'SLIPWAY_MASTER_KEY',
    minLength: 1,
    description: 'Keys that seal credentials, `k2:<base64>,k1:<base64>`: the first seals, all open.',
  }),
  deletionSweep: Duration({
    default: 30_000,
    minimum: 100,
    maximum: 86_400_000,
    description: 'How often deletions of hosts that were begun and not ended are tried again.',
  }),
})
export type InventoryConfig = Static<typeof inventoryConfig>
