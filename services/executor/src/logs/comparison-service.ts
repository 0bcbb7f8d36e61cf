// After a Post-Upgrade: compares its captures with those of the host's latest completed Pre-Upgrade.

import type { Run } from '../runs/run.ts'
import type { RunStore } from '../runs/run-store.ts'
import { diffPage } from './capture-diff.ts'
import type { LogIndexStore } from './log-index-store.ts'
import type { AttemptLog, LogStore } from './log-store.ts'

export interface ComparisonDeps {
  runs: Pick<RunStore, 'latestCompleted'>
  index: LogIndexStore
  logs: LogStore
}

/** Writes a page for each capture that differs. @returns the names of the captures, or undefined if there is nothing to compare with */
export async function compareCaptures(
  { runs, index, logs }: ComparisonDeps,
  run: Run,
  log: AttemptLog,
): Promise<string[] | undefined> {
  const earlier = await runs.latestCompleted(run.job.hostId, 'Pre-Upgrade', run.jobId)
  if (earlier === undefined) return undefined
  const before = (await index.ofAttempt(earlier)).filter((file) => file.kind === 'capture')
  const after = (await index.ofAttempt(run)).filter((file) => file.kind === 'capture')
  const changed: string[] = []
  for (const file of after) {
    const same = before.find((each) => each.name === file.name)
    if (same === undefined) continue
    const page = await diffPage(
      {
        name: `job ${earlier.jobId}: ${same.name}`,
        text: await logs.text(earlier.jobId, same),
        at: same.createdAt.toISOString(),
      },
      {
        name: `job ${run.jobId}: ${file.name}`,
        text: await logs.text(run.jobId, file),
        at: file.createdAt.toISOString(),
      },
    )
    if (page === undefined) continue
    await index.add(run, await log.file(`${file.name}.diff.html`, page), 'diff')
    changed.push(file.name)
  }
  return changed
}
