// Checks of the hardware and the configuration store. They decide whether an upgrade may go on.
import { checkConfigFilesystem, checkRedundancy, judgeNodes, parsePlatform } from '@slipway/router-session'
import type { Check } from '../actions/action.ts'
import { actionFailure } from '../actions/failure.ts'
import { applyVerdict } from './verdicts.ts'

/** All nodes are in a stable state: up, or down on purpose. */
export const nodeStatusCheck: Check = {
  name: 'Node Status Check Plugin',
  async run({ device, dialect, report, times }) {
    const { output } = await device.read(dialect.commands.platform, times.commandMs)
    const { ok, bad, judged } = judgeNodes(parsePlatform(output), dialect.osType)
    for (const { node, state } of bad) report.warn(`${node}={${state}}: Not in valid state for upgrade`)
    if (!ok) {
      const what = judged === 0 ? 'No node was found in' : 'Not all nodes in correct state.'
      const message = judged === 0 ? `${what} '${dialect.commands.platform}'.` : what
      throw actionFailure(`${message} Upgrade can not proceed`, output)
    }
    report.info('All nodes in valid state for upgrade')
  },
}

/** Families whose route processors come in pairs and tell about it. */
const REDUNDANT = ['ASR9K', 'XR12K', 'CRS']

/** The standby route processor, where there is one, is ready. */
export const redundancyCheck: Check = {
  name: 'Node Redundancy Check Plugin',
  async run({ device, dialect, facts, report, times }) {
    if (!REDUNDANT.includes(facts().family)) return report.info('Not needed for this family')
    const { output } = await device.read(dialect.commands.redundancy, times.commandMs)
    applyVerdict(report, checkRedundancy(output))
  },
}

/** The store of configurations is consistent. */
export const configFilesystemCheck: Check = {
  name: 'Config Filesystem Check Plugin',
  async run({ device, report, times }) {
    const { output } = await device.read('cfs check', times.commandMs)
    applyVerdict(report, checkConfigFilesystem(output))
  },
}
