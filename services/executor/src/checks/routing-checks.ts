// ISIS neighbours before and after an upgrade. Differences warn: a neighbour may be down for reasons of its own.
import { compareIsis, type IsisSummary, parseIsisSummary } from '@slipway/router-session'
import type { ActionContext, Check } from '../actions/action.ts'
import { applyVerdict } from './verdicts.ts'

const COMMAND = 'show isis neighbor summary'
/** Where the neighbours before an upgrade are remembered. */
const MEMORY_KEY = 'isis-neighbors'

/** Captures the summary; undefined if the router does not know the command, as without the ISIS package. */
async function capture({ device, captures, report, times }: ActionContext): Promise<IsisSummary | undefined> {
  const { output, failed } = await device.read(COMMAND, times.commandMs)
  if (failed) {
    report.info('ISIS is not installed on this router')
    return undefined
  }
  await captures.keep(COMMAND, output)
  return parseIsisSummary(output)
}

/** Before an upgrade: remembers the neighbours. */
export const isisCapture: Check = {
  name: 'ISIS Neighbor Check Plugin',
  async run(context) {
    const summary = await capture(context)
    if (summary === undefined) return
    await context.memory.set(MEMORY_KEY, summary)
    const count = Object.keys(summary).length
    context.report.info(
      count === 0 ? 'No ISIS protocol instance active' : `${count} ISIS instance(s) remembered`,
    )
  },
}

/** After an upgrade: compares with what was remembered. */
export const isisComparison: Check = {
  name: 'ISIS Neighbor Check Plugin',
  async run(context) {
    const after = await capture(context)
    if (after === undefined) return
    const found = await context.memory.get(MEMORY_KEY)
    const before =
      found === undefined
        ? undefined
        : {
            // Written by isisCapture and by nobody else.
            summary: found.value as IsisSummary,
            ageMs: context.clock.now().getTime() - found.recordedAt.getTime(),
          }
    for (const verdict of compareIsis(before, after)) applyVerdict(context.report, verdict)
  },
}
