// Classic IOS XR (ASR 9000, CRS, 12000): installs in the admin plane, asynchronously, without questions.
import { installOutcome, parseInstallLog, parseInstallStart } from '@slipway/router-session'
import type { InstallAnswer, InstallDialect, Reload } from '../dialect.ts'

const QUIETLY = 'prompt-level none async'
/** `Parallel Reload`; recorded routers also misspell it `Parallel Reoload`. */
const RELOAD_METHOD = /R\w{0,2}load/i

/** `0/RSP0/CPU0`, `0/RP1/CPU0` */
const ROUTE_PROCESSOR = /\/RS?P\d+\//

export const iosxrDialect: InstallDialect = {
  name: 'iosxr',
  osType: 'XR',
  passwordPlace: 'url',
  commands: {
    add: (source, files) => `admin install add source ${source} ${files.join(' ')} async`,
    activate: (selection) => `admin install activate ${selection} ${QUIETLY}`,
    deactivate: (selection) => `admin install deactivate ${selection} ${QUIETLY}`,
    remove: (names) => `admin install remove ${names.join(' ')} ${QUIETLY}`,
    commit: 'admin install commit',
    abort: (operationId) => `admin install abort ${operationId}`,
    request: 'admin show install request',
    log: 'admin show install log',
    logOf: (operationId) => `admin show install log ${operationId} detail`,
    platform: 'admin show platform',
    redundancy: 'admin show redundancy location all',
    version: 'show version brief',
  },
  answerTo,
  reloadOf,
  journalledReload: 'unsure',
}

function reloadOf(log: string, operationId: number): Reload {
  const { methods, nodesToReload } = parseInstallLog(log, operationId)
  if (nodesToReload.some((node) => ROUTE_PROCESSOR.test(node))) return 'router'
  if (nodesToReload.length > 0) return 'cards'
  return methods.some((method) => RELOAD_METHOD.test(method)) ? 'unsure' : 'none'
}

function answerTo(text: string): InstallAnswer {
  const { operationId, busy } = parseInstallStart(text)
  if (busy) return { kind: 'busy' }
  if (operationId === undefined) return { kind: 'refused' }
  const outcome = installOutcome(text, operationId)
  return outcome === 'failed' || outcome === 'aborted'
    ? { kind: 'refused' }
    : { kind: 'operation', operationId }
}
