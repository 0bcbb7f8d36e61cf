import { iosxrPlatform } from './iosxr/platform.ts'
import { iosxr64Platform } from './iosxr64/platform.ts'
import type { InstallPlatform } from './plan.ts'

/** The platform for an operating system, as a login finds it. */
export function platformFor(osType: 'XR' | 'eXR'): InstallPlatform {
  return osType === 'eXR' ? iosxr64Platform : iosxrPlatform
}
