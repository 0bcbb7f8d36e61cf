// Host, credentials, repository and commands are asked of the inventory anew at each attempt: what was changed since
// the job was made counts, and what vanished fails the job with a clear message.
import type { Bus } from '@slipway/bus'
import { type ClaimedJob, type ExecutionTarget, inventoryMessages, isSlipwayError } from '@slipway/contracts'
import { actionFailure } from '../actions/failure.ts'
import { pauseRun, type RunControl } from '../runs/run-control.ts'
import { requestOf } from '../runs/run-logger.ts'

/** An inventory that restarts must not fail jobs; one that stays away for so long does. */
const PATIENCE_TRIES = 150
const PAUSE_MS = 2_000

/** Resolves a job's target. Fails the job if something of it is gone. */
export async function resolveTarget(
  bus: Pick<Bus, 'request'>,
  job: ClaimedJob,
  control: RunControl,
): Promise<ExecutionTarget> {
  const target = await ask(bus, job, control)
  if (target.missing.length > 0) throw actionFailure(target.missing.join(' '))
  if (target.jumpHost?.connectionType === 'telnet') {
    throw actionFailure(
      `The jump host '${target.jumpHost.name}' speaks Telnet. Hosts are reached through SSH jump hosts only.`,
    )
  }
  return target
}

async function ask(
  bus: Pick<Bus, 'request'>,
  job: ClaimedJob,
  control: RunControl,
): Promise<ExecutionTarget> {
  const { hostId, serverRepository, commandProfiles } = job
  const question = {
    hostId,
    commandProfiles,
    ...(serverRepository === undefined ? {} : { serverRepository }),
  }
  for (let attempt = 1; ; attempt += 1) {
    try {
      const options = { signal: control.signal, ...requestOf(job) }
      return await bus.request(inventoryMessages.resolveTarget, question, options)
    } catch (error) {
      control.check()
      if (!isSlipwayError(error)) throw error
      if (!error.retryable) throw actionFailure(error.message)
      if (attempt === PATIENCE_TRIES) throw actionFailure('The inventory is not available.')
      await pauseRun(control, PAUSE_MS)
    }
  }
}

/** The commands of all profiles in their order, each once. */
export function commandsOf(target: ExecutionTarget): string[] {
  return [...new Set(target.profiles.flatMap((profile) => profile.commands))]
}
