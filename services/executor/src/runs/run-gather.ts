// Puts together what the work of an attempt needs: target and credentials resolved anew, the device, the journal.
import type { Bus } from '@slipway/bus'
import type { CommandWatch, JumpHosts } from '@slipway/router-session'
import type { Opener } from '@slipway/secrets/open'
import type { Clock } from '@slipway/service-kit'
import type { Logger } from 'pino'
import type { ActionTimes } from '../actions/action.ts'
import { packageNames } from '../actions/software.ts'
import { createDevice } from '../device/device.ts'
import { watchDevice } from '../device/watched-device.ts'
import type { ExecutorMetrics } from '../executor-metrics.ts'
import { createBuiltInRepository } from '../hosts/built-in-repository.ts'
import { openTarget } from '../hosts/credentials.ts'
import type { HostContextStore } from '../hosts/host-context-store.ts'
import { commandsOf, resolveTarget } from '../hosts/target-service.ts'
import type { ActiveRun } from './active-runs.ts'
import type { JournalStore } from './journal-store.ts'
import { withStore } from './run-ending.ts'
import { createRunJournal, type RunJournal } from './run-journal.ts'
import type { RunLog } from './run-log.ts'
import type { RunReport } from './run-report.ts'
import type { RunStore } from './run-store.ts'
import type { Work } from './run-work.ts'
import type { SecretMask } from './secret-mask.ts'

/** Times of sessions in milliseconds. */
export interface DeviceTimes {
  readonly connectTimeoutMs: number
  readonly loginTimeoutMs: number
  readonly commandTimeoutMs: number
  readonly retryDelayMs: number
}

/** How routers get at Slipway's own store. */
export interface StoreAccess {
  readonly publicUrl: string | undefined
  /** Of a link, in milliseconds. */
  readonly lifetimeMs: number
}

interface GatherDeps {
  bus: Pick<Bus, 'request'>
  opener: Opener
  clock: Clock
  runs: Pick<RunStore, 'cancelledBy'>
  journal: JournalStore
  hosts: HostContextStore
  times: ActionTimes
  deviceTimes: DeviceTimes
  jumpHosts: JumpHosts
  store: StoreAccess
  metrics: ExecutorMetrics
}

interface GatherTools {
  report: RunReport
  files: RunLog
  mask: SecretMask
  /** Of the run. */
  log: Logger
}

export async function gatherWork(deps: GatherDeps, active: ActiveRun, tools: GatherTools): Promise<Work> {
  const { run, control } = active
  const { report, files, mask, log } = tools
  const { hostId } = run.job
  const target = await resolveTarget(deps.bus, run.job, control)
  const { device: address, jumpHost, repository, secrets } = openTarget(deps.opener, target)
  mask.add(secrets)
  const bare = createDevice({
    target: address,
    path: jumpHost === undefined ? undefined : deps.jumpHosts.path(jumpHost),
    control,
    log: files.terminal,
    status: (text) => report.status(text),
    onCommand: tellCommands(log, deps.metrics),
    secrets: [...secrets],
    ...deps.deviceTimes,
  })
  const builtIn = createBuiltInRepository({
    ...deps.store,
    bus: deps.bus,
    job: run.job,
    control,
    keepSecret(token) {
      mask.add([token])
      bare.addSecret(token)
    },
  })
  return {
    job: run.job,
    builtIn,
    device: watchDevice(bare, deps.metrics.deviceFailed),
    repository,
    commands: commandsOf(target),
    journal: guarded(
      createRunJournal(
        {
          store: deps.journal,
          runs: deps.runs,
          mask: mask.text,
          metrics: deps.metrics,
          logged: files.attempt.lengths,
        },
        active,
      ),
      files.eventsWritten,
    ),
    memory: {
      get: (key) => withStore(deps.hosts.get(hostId, key)),
      set: (key, value) => withStore(deps.hosts.set(hostId, key, value)),
    },
    captures: { keep: files.capture },
    names: packageNames,
    report,
    control,
    times: deps.times,
    clock: deps.clock,
  }
}

/** A line for each command in the log of the run: those that may change the router at info, others at debug. */
function tellCommands(log: Logger, metrics: ExecutorMetrics): CommandWatch {
  return ({ fenced, ...command }) => {
    log[fenced ? 'info' : 'debug'](command, 'command')
    if (!fenced) metrics.commandSent('read')
  }
}

/** @param told the events before it: a command's own comes after them */
function guarded(journal: RunJournal, told: () => Promise<void>): RunJournal {
  return {
    async write(...entry) {
      await told()
      return withStore(journal.write(...entry))
    },
    note: (...found) => withStore(journal.note(...found)),
    conclude: (...outcome) => withStore(journal.conclude(...outcome)),
    entries: () => withStore(journal.entries()),
    fence: journal.fence,
  }
}
