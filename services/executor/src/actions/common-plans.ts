// The plans that classic IOS XR and 64-bit XR share. Before an upgrade: nodes, redundancy, configuration store, then
// captures. After it captures come first, because a node that is still coming up must not hide them.
import type { InstallAction } from '@slipway/contracts'
import {
  configCapture,
  coreErrorCheck,
  customCommandsCapture,
  failedStartupCheck,
} from '../checks/capture-checks.ts'
import { configFilesystemCheck, nodeStatusCheck, redundancyCheck } from '../checks/node-checks.ts'
import { isisCapture, isisComparison } from '../checks/routing-checks.ts'
import { activateStep, deactivateStep } from './activate.ts'
import { addStep } from './add.ts'
import { commitStep } from './commit.ts'
import type { ActionPlan } from './plan.ts'
import { removeStep } from './remove.ts'

export const commonPlans: Readonly<Record<InstallAction, ActionPlan>> = {
  'Pre-Upgrade': {
    checks: [
      nodeStatusCheck,
      redundancyCheck,
      configFilesystemCheck,
      configCapture,
      customCommandsCapture,
      isisCapture,
    ],
    refresh: 'nothing',
  },
  Add: { checks: [], step: addStep, refresh: 'packages' },
  Activate: {
    checks: [redundancyCheck, configFilesystemCheck],
    step: activateStep,
    refresh: 'facts-and-packages',
  },
  'Post-Upgrade': {
    checks: [
      configCapture,
      customCommandsCapture,
      isisComparison,
      coreErrorCheck,
      failedStartupCheck,
      nodeStatusCheck,
    ],
    refresh: 'nothing',
  },
  Commit: { checks: [], step: commitStep, refresh: 'packages' },
  Remove: { checks: [], step: removeStep, refresh: 'packages' },
  Deactivate: { checks: [configFilesystemCheck], step: deactivateStep, refresh: 'facts-and-packages' },
}
