// The one permission table. Services and gateway ask it, nothing else decides who may do what.
// Source: the REST contract, section "Authentication and permission".

/** What a user may be. */
export const privileges = ['Admin', 'Network Admin', 'Operator', 'Viewer'] as const
export type Privilege = (typeof privileges)[number]

/** Permissions by what they allow, each with the privileges that have it. */
export const permissions = {
  /** Create, change and delete hosts, regions, jump hosts, server repositories, custom command profiles. */
  'inventory.manage': ['Admin', 'Network Admin'],
  /** Import the software catalog. */
  'catalog.import': ['Admin', 'Network Admin'],
  /** Publish and delete distributions, make links. */
  'distribution.publish': ['Admin', 'Network Admin'],
  /** Pause and resume dispatching. */
  'dispatch.manage': ['Admin', 'Network Admin'],
  /** Schedule, cancel, resubmit and delete jobs, read session logs and events, refresh a host's inventory. */
  'install.manage': ['Admin', 'Network Admin', 'Operator'],
  /** Read everything else. */
  read: ['Admin', 'Network Admin', 'Operator', 'Viewer'],
  /** Manage users. */
  'user.manage': ['Admin'],
} as const satisfies Record<string, readonly Privilege[]>

export type Permission = keyof typeof permissions

/** True if a user with this privilege has the permission. */
export function isAllowed(privilege: Privilege, permission: Permission): boolean {
  const holders: readonly Privilege[] = permissions[permission]
  return holders.includes(privilege)
}
