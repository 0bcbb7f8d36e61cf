import { commonPlans } from '../common-plans.ts'
import type { InstallPlatform } from '../plan.ts'
import { iosxr64Dialect } from './dialect.ts'

export const iosxr64Platform: InstallPlatform = { dialect: iosxr64Dialect, plans: commonPlans }
