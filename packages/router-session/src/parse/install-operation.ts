// What the installer says: when an operation starts, while it runs, in its log, and unasked after a prompt.
// Classic XR writes `Install operation 36 '(admin) install …' started by user …` and goes on "asynchronously";
// 64-bit XR writes `May 24 18:54:12 Install operation 12 started by root:` and goes on "in the background".
import { linesOf } from './lines.ts'

/** Its own start: `Install operation 36 '(admin) install remove …' started by user 'root'`, `Install operation 12 started by root:`. */
const STARTED = /Install operation (\d+) (?:'|started by)/
/** Any other mention, except of the operation that is in the way. */
const MENTIONED = /Install operation (\d+)\b(?! is still in progress)/
/** It goes on by itself. */
const CONTINUES =
  /The install operation will continue asynchronously|Install operation will continue in the background/
/** Another operation is in the way. */
const BUSY =
  /as another install command is|currently in operation|re-issue the command when the current operation|Could not start this install operation\. Install operation \d+ is still in progress/
/** 64-bit XR wants a commit first. */
const COMMIT_FIRST = /there was an SU\/ISSU done\. please perform install commit/i
/** Nothing to do on 64-bit XR. */
const NO_IMPACT = /NO IMPACT OPERATION/
/** Nothing to remove on classic XR. */
const NOTHING_TO_REMOVE = /there are no packages that can be removed/i
/** Asks before it restarts the router: `This install operation will reboot the sdr, continue?`. */
export const RELOAD_QUESTION =
  /This install operation will (?:reboot|reload) the (?:sdr|system),?\s*continue\s*\?/i
/** An error line: `Error:    Cannot proceed …`, `ERROR! there was …`, `May 24 18:54:12 ERROR!! failed …`. */
const ERROR_LINE = /(?:^|\s)(?:Error|ERROR)\s*[:!]+\s*(\S.*)/
/** Nodes that will restart follow. */
const RELOADS = /This operation will reload the following nodes(?: in parallel)?:/
/** One of them: `Info:         0/RSP0/CPU0 (RP) (SDR: Owner)`. */
const RELOAD_NODE = /^(?:Info:)?\s+(\d+\/\w+\/CPU\d+)\b/

/** What the answer to an install command means. */
export interface InstallStart {
  operationId: number | undefined
  /** The operation goes on by itself; watch it. */
  continues: boolean
  /** The device asks whether it may restart. */
  asksToReload: boolean
  /** Another operation is in the way. */
  busy: boolean
  commitFirst: boolean
  noImpact: boolean
  nothingToRemove: boolean
  nodesToReload: string[]
  /** The device's own error lines, without their `Error:`. */
  errors: string[]
}

/** Reads the answer to `install add|activate|deactivate|remove|commit …`. */
export function parseInstallStart(text: string): InstallStart {
  const id = STARTED.exec(text)?.[1] ?? MENTIONED.exec(text)?.[1]
  return {
    operationId: id === undefined ? undefined : Number(id),
    continues: CONTINUES.test(text),
    asksToReload: RELOAD_QUESTION.test(text),
    busy: BUSY.test(text),
    commitFirst: COMMIT_FIRST.test(text),
    noImpact: NO_IMPACT.test(text),
    nothingToRemove: NOTHING_TO_REMOVE.test(text),
    nodesToReload: nodesToReload(text),
    errors: installErrors(text),
  }
}

/** The error lines of an installer text. */
export function installErrors(text: string): string[] {
  return linesOf(text).flatMap((line) => {
    const words = ERROR_LINE.exec(line)?.[1]?.trimEnd()
    return words === undefined ? [] : [words]
  })
}

/** Nodes named below `This operation will reload the following nodes in parallel:`. */
export function nodesToReload(text: string): string[] {
  const lines = linesOf(text)
  const start = lines.findIndex((line) => RELOADS.test(line))
  const nodes: string[] = []
  for (const line of start === -1 ? [] : lines.slice(start + 1)) {
    const node = RELOAD_NODE.exec(line)?.[1]
    if (node === undefined) break
    if (!nodes.includes(node)) nodes.push(node)
  }
  return nodes
}

/** Nothing runs: `There are no install requests in operation.`, `No install operation in progress`. */
const IDLE = /There are no install requests in operation|No install operation in progress/i
/** `The operation is 45% complete`, `The install add operation 12 is 30% complete`. */
const PERCENT = /(The (?:install [\w ]*?)?operation(?: \d+)? is (\d{1,3})% complete)/
/** `12345KB downloaded: Download in progress` */
const DOWNLOADED = /([\d,.]+ ?KB) downloaded: Download in progress/
/** It is done and waits for a restart. */
const PENDING_RELOAD = /completed, pending reload/i
/** The operation of a progress text: `Install operation 36 '…'`, `The install add operation 12 is`. */
const REQUEST_ID = /[Ii]nstall (?:\w+ )?operation (\d+)\b/

/** What `show install request` says. */
export interface InstallRequest {
  idle: boolean
  operationId: number | undefined
  percent: number | undefined
  /** `12345KB` */
  downloaded: string | undefined
  pendingReload: boolean
  /** The device's progress line, for people. */
  progress: string | undefined
}

/** Reads `show install request`. */
export function parseInstallRequest(text: string): InstallRequest {
  const percent = PERCENT.exec(text)
  const id = REQUEST_ID.exec(text)?.[1]
  return {
    idle: IDLE.test(text),
    operationId: id === undefined ? undefined : Number(id),
    percent: percent?.[2] === undefined ? undefined : Math.min(100, Number(percent[2])),
    downloaded: DOWNLOADED.exec(text)?.[1],
    pendingReload: PENDING_RELOAD.test(text),
    progress: percent?.[1],
  }
}
