// 64-bit IOS XR (ASR 9000 64-bit, NCS, XRv 9000): installs from the XR plane; an activation asks before it restarts
// the router, and a repository's password is asked for.
import { installOutcome, parseInstallStart } from '@slipway/router-session'
import type { InstallAnswer, InstallDialect } from '../dialect.ts'

export const iosxr64Dialect: InstallDialect = {
  name: 'iosxr64',
  osType: 'eXR',
  passwordPlace: 'prompt',
  commands: {
    add: (source, files) => `install add source ${source} ${files.join(' ')}`,
    activate: (selection) => `install activate ${selection}`,
    deactivate: (selection) => `install deactivate ${selection}`,
    remove: (names) => `install remove ${names.join(' ')}`,
    commit: 'install commit',
    abort: (operationId) => `install abort ${operationId}`,
    request: 'show install request',
    log: 'show install log',
    logOf: (operationId) => `show install log ${operationId} detail`,
    platform: 'show platform',
    redundancy: 'show redundancy location all',
    version: 'show version',
  },
  answerTo,
  // The router asked, or it does not restart; its log says nothing of it.
  reloadOf: () => 'none',
  journalledReload: 'router',
}

function answerTo(text: string): InstallAnswer {
  const { operationId, busy, noImpact, commitFirst } = parseInstallStart(text)
  if (busy) return { kind: 'busy' }
  if (commitFirst) return { kind: 'refused' }
  if (operationId === undefined) return { kind: noImpact ? 'no-impact' : 'refused' }
  const outcome = installOutcome(text, operationId)
  if (outcome === 'failed' || outcome === 'aborted') return { kind: noImpact ? 'no-impact' : 'refused' }
  return { kind: 'operation', operationId }
}
