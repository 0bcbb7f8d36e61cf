import type { PlatformDefinition } from './platform.ts'
import { marker, xrFailures, xrPlane } from './xr-common.ts'

/** 64-bit IOS XR (eXR): ASR 9000 64-bit, NCS 540 to 6000, XRv 9000. Administration is a virtual machine of its own. */
export const iosxr64: PlatformDefinition = {
  name: 'iosxr64',
  osType: 'eXR',
  title: '64-bit IOS XR',
  main: xrPlane,
  admin: {
    enter: 'admin',
    leave: 'exit',
    // `sysadmin-vm:0_RP0#`, `sysadmin-vm:0_RP0:6K-651#` (configured hostname), `sysadmin-vm_node0_RP0:x(config)#`
    prompt: /^sysadmin-vm[:_][\w.-]+(?::(?<host>[^\s#()]{1,64}))?(?:\((?<mode>[^)\r\n]{1,64})\))?#/,
    setup: ['terminal length 0', 'terminal width 0'],
  },
  failures: [
    ...xrFailures,
    marker(/^\s*syntax error: (?:unknown|expecting)/i, 'syntax error', 'syntax error: unknown argument'),
  ],
  versionCommands: ['show version'],
  chassis: [
    { plane: 'admin', command: 'show inventory chassis' },
    { plane: 'main', command: 'show inventory chassis' },
    { plane: 'main', command: 'show inventory' },
  ],
  families: [
    ['ASR9K', 'ASR9K'],
    ['ASR-9', 'ASR9K'],
    ['ASR9', 'ASR9K'],
    ['NCS-6', 'NCS6K'],
    ['NCS-4', 'NCS4K'],
    ['NCS-50', 'NCS5K'],
    ['NCS-55', 'NCS5500'],
    ['NCS-54', 'NCS540'],
    ['NCS-56', 'NCS560'],
    ['NCS-1001', 'NCS1001'],
    ['NCS-1', 'NCS1K'],
    ['NCS1', 'NCS1K'],
    ['IOS-XRv 9000', 'IOSXRv-9K'],
    ['IOS XRv x64', 'IOSXRv-X64'],
  ],
  softwarePlatforms: { ASR9K: 'ASR9K-X64' },
  model: /PROTO-L-CHASSIS|XRV|[A-Z]{1,3}[- ]?\d{2,5}/,
}
