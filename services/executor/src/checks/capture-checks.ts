// Outputs that are kept with the session log, to be read and to be compared after an upgrade.
import { checkCoreErrors, checkFailedStartup } from '@slipway/router-session'
import type { Check } from '../actions/action.ts'
import { actionFailure } from '../actions/failure.ts'
import { applyVerdict } from './verdicts.ts'

const CONFIGURATION = 'show running-config'
const LOGGING = 'show logging last 500'
const FAILED_STARTUP = 'show configuration failed startup'

/** Keeps the running configuration. */
export const configCapture: Check = {
  name: 'Config Capture Plugin',
  async run({ device, captures, report, times }) {
    const { output, failed } = await device.read(CONFIGURATION, times.captureMs)
    if (failed) throw actionFailure(`The router refused '${CONFIGURATION}'.`, output)
    report.info(`Kept as ${await captures.keep(CONFIGURATION, output)}`)
  },
}

/** Keeps the outputs of the job's own commands. One that the router refuses, or that asks something, fails the job. */
export const customCommandsCapture: Check = {
  name: 'Custom Commands Capture Plugin',
  async run({ device, captures, commands, report, times }) {
    if (commands.length === 0) return report.info('No custom commands provided.')
    for (const command of commands) {
      report.status(`Capturing '${command}'`)
      const { output, failed, matched } = await device.read(command, times.captureMs)
      if (failed) throw actionFailure(`Command Syntax Error: '${command}'`, matched ?? output)
      report.info(`'${command}' kept as ${await captures.keep(command, output)}`)
    }
  },
}

/** Warns of errors and cores in the router's log. */
export const coreErrorCheck: Check = {
  name: 'Core Error Check Plugin',
  async run({ device, captures, report, times }) {
    const { output, failed } = await device.read(LOGGING, times.commandMs)
    if (failed) return report.info(`The router does not know '${LOGGING}'`)
    await captures.keep(LOGGING, output)
    applyVerdict(report, checkCoreErrors(output))
  },
}

/** Warns of configuration that did not survive the start. */
export const failedStartupCheck: Check = {
  name: 'Check Failed Startup Config Plugin',
  async run({ device, report, times }) {
    const { output, failed } = await device.read(FAILED_STARTUP, times.commandMs)
    if (failed) return report.info(`The router does not know '${FAILED_STARTUP}'`)
    applyVerdict(report, checkFailedStartup(output))
  },
}
