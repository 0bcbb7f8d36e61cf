import { deviceError, hasDeviceCode } from '../device-error.ts'
import { type DeviceFacts, factsOf } from '../parse/device-facts.ts'
import { chassisPart, parseInventory } from '../parse/inventory.ts'
import { platformOf } from '../platform/detect.ts'
import type { PlatformDefinition } from '../platform/platform.ts'
import type { CommandResult, DeviceSession, RunCommand } from './device-session.ts'

/** Right after a boot `show version` and the inventory may take more than a minute. */
const DISCOVERY_TIMEOUT_MS = 120_000

/** Asks a device for version, chassis and users, and makes facts of the answers. */
export async function discover(session: DeviceSession): Promise<DeviceFacts> {
  const { text, platform } = await readVersion(session.run, session.platform.versionCommands)
  const inventory = await readChassis(session, platform)
  const users = await session.run('show users', { timeoutMs: DISCOVERY_TIMEOUT_MS })
  return factsOf({
    platform,
    prompt: session.prompt,
    versionText: text,
    inventoryText: inventory,
    usersText: users.failed ? '' : users.output,
  })
}

/** The version text, by whichever command the device understands. Throws DEVICE_UNSUPPORTED when it is not IOS XR. */
export async function readVersion(
  run: RunCommand,
  commands: readonly string[],
): Promise<{ text: string; platform: PlatformDefinition }> {
  let last: CommandResult | undefined
  for (const command of commands) {
    last = await run(command, { timeoutMs: DISCOVERY_TIMEOUT_MS })
    // A device without the brief form refuses it, or says nothing.
    const platform = last.failed ? undefined : platformOf(last.output)
    if (platform !== undefined) return { text: last.output, platform }
  }
  throw deviceError('DEVICE_UNSUPPORTED', 'The device does not run IOS XR', {
    deviceText: last?.output.slice(0, 500),
  })
}

async function readChassis(session: DeviceSession, platform: PlatformDefinition): Promise<string> {
  let text = ''
  for (const { plane, command } of platform.chassis) {
    const result = await (plane === 'main' ? session.run(command, limit) : inAdmin(session, command))
    if (result === undefined || result.failed) continue
    text = result.output
    if (chassisPart(parseInventory(text)) !== undefined) return text
  }
  return text
}

const limit = { timeoutMs: DISCOVERY_TIMEOUT_MS } as const

/** An admin plane with other credentials must not make discovery impossible. */
async function inAdmin(session: DeviceSession, command: string): Promise<CommandResult | undefined> {
  try {
    return await session.inAdminPlane((run) => run(command, limit))
  } catch (error) {
    if (hasDeviceCode(error, 'DEVICE_AUTH_FAILED') || hasDeviceCode(error, 'DEVICE_UNSUPPORTED'))
      return undefined
    throw error
  }
}
