import type { PlatformDefinition } from '../platform/platform.ts'
import { chassisPart, parseInventory } from './inventory.ts'
import { parseConsole } from './users.ts'
import { parseShowVersion } from './version.ts'

/** The unique device identifier of the chassis. */
export interface DeviceUdi {
  name: string
  description: string
  pid: string
  vid: string
  sn: string
}

/** What discovery finds. A text that could not be found is empty; an unknown family is `Unknown`. */
export interface DeviceFacts {
  hostname: string
  family: string
  /** The model: `ASR-9904`. */
  chassis: string
  osType: 'XR' | 'eXR'
  version: string
  /** The family, except that 64-bit ASR 9000 is `ASR9K-X64`. */
  softwarePlatform: string
  udi: DeviceUdi
  /** Undefined when `show users` does not tell. */
  console: boolean | undefined
  /** Seconds since the start, by minutes; a smaller one than before means a restart. */
  uptimeSeconds: number | undefined
  versionText: string
}

/** The family of a device nobody knows. */
export const UNKNOWN_FAMILY = 'Unknown'

/** What the device said. */
export interface FactTexts {
  platform: PlatformDefinition
  prompt: string
  versionText: string
  inventoryText: string
  usersText: string
}

/** Facts of the device's texts. */
export function factsOf(texts: FactTexts): DeviceFacts {
  const { platform, versionText } = texts
  const { version = '', processor = '', uptimeSeconds } = parseShowVersion(versionText)
  const udi = udiOf(texts.inventoryText)
  // A freshly booted device may leave its processor line out; the chassis tells, too.
  const family = familyOf(processor, platform) ?? familyOf(udi.pid, platform) ?? UNKNOWN_FAMILY
  return {
    hostname: platform.main.prompt.exec(texts.prompt)?.groups?.['host'] ?? '',
    family,
    chassis:
      platform.model.exec(udi.pid)?.[0] ?? (udi.pid === '' ? (processor.split(' ')[0] ?? '') : udi.pid),
    osType: platform.osType,
    version,
    softwarePlatform: platform.softwarePlatforms[family] ?? family,
    udi,
    console: parseConsole(texts.usersText),
    uptimeSeconds,
    versionText,
  }
}

/** The family of a processor name, with or without a leading `IOS `; the longest known beginning decides. */
export function familyOf(name: string, platform: PlatformDefinition): string | undefined {
  const names = [name, name.replace(/^IOS /, '')]
  const known = platform.families
    .filter(([prefix]) => names.some((candidate) => candidate.startsWith(prefix)))
    .sort(([a], [b]) => b.length - a.length)
  return known[0]?.[1]
}

function udiOf(inventoryText: string): DeviceUdi {
  const part = chassisPart(parseInventory(inventoryText))
  return {
    name: part?.name ?? '',
    description: part?.description ?? '',
    pid: part?.modelName ?? '',
    vid: part?.hardwareRevision ?? '',
    sn: part?.serialNumber ?? '',
  }
}
