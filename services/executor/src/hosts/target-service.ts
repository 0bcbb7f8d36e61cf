// Host, credentials, repository and commands are asked of the inventory anew at each attempt: what was changed since
// the job was made counts, and what vanished fails the job with a clear message.
import type { Bus } from '@slipway/bus'
import { type ClaimedJob, type ExecutionTarget, inventoryMessages } from '@slipway/contracts'
import { actionFailure } from '../actions/failure.ts'
import type { RunControl } from '../runs/run-control.ts'
import { requestOf } from '../runs/run-logger.ts'
import { askPatiently } from './patience.ts'

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

function ask(bus: Pick<Bus, 'request'>, job: ClaimedJob, control: RunControl): Promise<ExecutionTarget> {
  const { hostId, serverRepository, commandProfiles } = job
  const question = {
    hostId,
    commandProfiles,
    ...(serverRepository === undefined ? {} : { serverRepository }),
  }
  const options = { signal: control.signal, ...requestOf(job) }
  return askPatiently('The inventory', control, () =>
    bus.request(inventoryMessages.resolveTarget, question, options),
  )
}

/** The commands of all profiles in their order, each once. */
export function commandsOf(target: ExecutionTarget): string[] {
  return [...new Set(target.profiles.flatMap((profile) => profile.commands))]
}
