import { diskSpaceCheck } from '../../checks/disk-space.ts'
import { commonPlans } from '../common-plans.ts'
import type { InstallPlatform } from '../plan.ts'
import { iosxrDialect } from './dialect.ts'

export const iosxrPlatform: InstallPlatform = {
  dialect: iosxrDialect,
  plans: { ...commonPlans, Add: { ...commonPlans.Add, checks: [diskSpaceCheck] } },
}
