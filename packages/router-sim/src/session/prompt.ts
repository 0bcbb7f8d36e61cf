/** Prompts per family and plane. */
import type { FamilyProfile } from '../families.ts'
import type { Plane } from './session.ts'

/** `RP/0/RSP0/CPU0:host#`, classic `RP/0/RSP0/CPU0:host(admin)#`, eXR sysadmin `sysadmin-vm:0_RP0# `. */
export function promptText(profile: FamilyProfile, hostname: string, plane: Plane): string {
  if (plane === 'exec') return `RP/${profile.activeNode}:${hostname}#`
  if (profile.os === 'classic') return `RP/${profile.activeNode}:${hostname}(admin)#`
  return `${calvadosName(profile)}# `
}

/** `sysadmin-vm:0_RP0`. */
export function calvadosName(profile: FamilyProfile): string {
  return `sysadmin-vm:${profile.activeNode.replace('/CPU0', '').replace('/', '_')}`
}

/** First line of the sysadmin plane: `root connected from 127.0.0.1 using console on xr-vm_node0_RP0_CPU0`. */
export function calvadosGreeting(profile: FamilyProfile, user: string): string {
  return `${user} connected from 127.0.0.1 using console on xr-vm_node${profile.activeNode.replaceAll('/', '_')}`
}
