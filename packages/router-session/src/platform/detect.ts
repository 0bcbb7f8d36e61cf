import { iosxr } from './iosxr.ts'
import { iosxr64 } from './iosxr64.ts'
import type { PlatformDefinition } from './platform.ts'

/** First name of an operating system in a version text: `Cisco IOS XR Software, Version 5.3.3[Default]`. */
const OS_NAME = /\b(XR|XE)\b|NX-OS/
/** Only 64-bit XR prints this block. */
const BUILD_INFORMATION = /^\s*Build Information/im
/** `show version` of the sysadmin virtual machine. */
const ADMIN_SOFTWARE = /XR Admin Software/

/** The platform whose `show version` this is; undefined for other systems and for texts that do not tell. */
export function platformOf(versionText: string): PlatformDefinition | undefined {
  if (OS_NAME.exec(versionText)?.[1] !== 'XR' || ADMIN_SOFTWARE.test(versionText)) return undefined
  return BUILD_INFORMATION.test(versionText) ? iosxr64 : iosxr
}
