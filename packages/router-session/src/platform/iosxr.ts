import type { PlatformDefinition } from './platform.ts'
import { xrFailures, xrPlane } from './xr-common.ts'

/** Classic IOS XR (32 bit): ASR 9000, CRS, 12000. */
export const iosxr: PlatformDefinition = {
  name: 'iosxr',
  osType: 'XR',
  title: 'IOS XR',
  main: xrPlane,
  admin: {
    enter: 'admin',
    leave: 'exit',
    // `RP/0/RSP0/CPU0:host(admin)#`
    prompt: /^RP\/\d+\/(?:RSP|RP)?\d+(?:\/CPU\d+)?:(?<host>[^\s#>()]{1,64})\((?<mode>admin[^)\r\n]{0,64})\)#/,
    setup: [],
  },
  failures: xrFailures,
  versionCommands: ['show version brief', 'show version'],
  chassis: [
    { plane: 'main', command: 'admin show inventory chassis' },
    { plane: 'main', command: 'admin show inventory' },
    { plane: 'main', command: 'show inventory' },
  ],
  families: [
    ['ASR9K', 'ASR9K'],
    ['ASR-9', 'ASR9K'],
    ['CRS', 'CRS'],
    ['12', 'XR12K'],
    ['XRv', 'IOSXRv'],
  ],
  softwarePlatforms: {},
  model: /[A-Z]{3}[- ]?\d{2,5}|XRV/,
}
