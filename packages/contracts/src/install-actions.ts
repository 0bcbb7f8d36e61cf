// The install actions of the API guide (section 1.3) and of later CSM releases.

/** Actions a job may have. The last two are known names that stay refused until the executor can do them. */
export const installActions = [
  'Pre-Upgrade',
  'Add',
  'Activate',
  'Post-Upgrade',
  'Commit',
  'Remove',
  'Deactivate',
] as const
export type InstallAction = (typeof installActions)[number]

/** The implicit chain of one host within one request: each depends on the nearest earlier one present. */
export const installChain = ['Pre-Upgrade', 'Add', 'Activate', 'Post-Upgrade', 'Commit'] as const

/** Actions that need software_packages. */
export const actionsWithPackages: readonly InstallAction[] = ['Add', 'Activate', 'Remove', 'Deactivate']

export const jobStatuses = ['scheduled', 'in-progress', 'completed', 'failed'] as const
export type JobStatus = (typeof jobStatuses)[number]

/** True for one of the actions, exact case. */
export function isInstallAction(value: unknown): value is InstallAction {
  return typeof value === 'string' && (installActions as readonly string[]).includes(value)
}

/** Position in the implicit chain from 0, or -1 for actions outside of it. */
export function chainPosition(action: InstallAction): number {
  return (installChain as readonly InstallAction[]).indexOf(action)
}
