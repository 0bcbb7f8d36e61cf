// A look at a router for the inventory: facts, packages, parts. A part that could not be read is absent, and what is
// known of it stays.
import type { Discovery, HostFacts } from '@slipway/contracts'
import {
  type DeviceFacts,
  type InventoryPart,
  mergeInventories,
  parseInventory,
} from '@slipway/router-session'
import type { ActionContext } from '../actions/action.ts'
import { readPackages } from '../actions/software.ts'

type Context = Pick<ActionContext, 'device' | 'control' | 'report' | 'times' | 'dialect'>

const or = (text: string) => (text === '' ? 'Unknown' : text)

/** Facts as the inventory keeps them. */
export function hostFacts(facts: DeviceFacts): HostFacts {
  return {
    family: or(facts.family),
    chassis: or(facts.chassis),
    softwarePlatform: or(facts.softwarePlatform),
    softwareVersion: or(facts.version),
    osType: or(facts.osType),
  }
}

/** Reads everything that a login did not tell already. */
export async function discover(context: Context, facts: DeviceFacts): Promise<Discovery> {
  const packages = await readPackages(context)
  const inventory = await readInventory(context)
  return {
    facts: hostFacts(facts),
    // A router that lists nothing at all was busy, not empty.
    ...(packages.length === 0 ? {} : { packages }),
    ...(inventory.length === 0 ? {} : { inventory }),
  }
}

async function readInventory({ device, dialect, control, times }: Context): Promise<InventoryPart[]> {
  if (dialect.osType === 'XR')
    return parseInventory((await device.read('admin show inventory', times.commandMs)).output)
  const main = await device.read('show inventory', times.commandMs)
  const options = { signal: control.signal, timeoutMs: times.commandMs }
  const admin = await device.inAdminPlane((run) => run('show inventory', options))
  return mergeInventories(parseInventory(main.output), parseInventory(admin.output))
}
