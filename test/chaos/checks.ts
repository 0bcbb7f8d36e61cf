// The promises of Slipway as checks on the evidence. Each answers what contradicts it, in words; nothing: it holds.
import { droppedOperations } from './dropped.ts'
import type { Check, RunRow } from './evidence.ts'
import { logChecks } from './log-checks.ts'
import { sessionChecks } from './session-checks.ts'
import { stopCheck } from './stop-check.ts'

/** By what is promised. */
export const checks: Readonly<Record<string, Check>> = {
  'every accepted job exists once and reached one final state': ({ accepted, api }) => {
    const rows = new Map(api.map((job) => [job.id, job]))
    const strangers = api.length - accepted.length
    return [
      ...accepted.flatMap(({ id, install_action }) => {
        const job = rows.get(id)
        if (job === undefined) return [`job ${id} (${install_action}) is lost`]
        if (job.install_action !== install_action) return [`job ${id} became ${job.install_action}`]
        if (job.status === 'completed') return []
        return [
          `job ${id} (${install_action} on ${job.hostname}) is ${job.status}: ${job.status_message} ${job.trace}`,
        ]
      }),
      ...(strangers === 0 ? [] : [`${api.length} jobs exist, ${accepted.length} were accepted`]),
    ]
  },

  'a job failed only where its router dropped what it had asked about': ({ scheduler, sessions }) =>
    scheduler.flatMap(({ id, submission }) => {
      const dropped = droppedOperations(sessions, id)
      return submission - 1 <= dropped
        ? []
        : [`job ${id} was submitted ${submission} times, its router dropped ${dropped} operations`]
    }),

  'a chain kept its order: nothing started before what it depends on was finished': ({ scheduler }) => {
    const jobs = new Map(scheduler.map((job) => [job.id, job]))
    return scheduler.flatMap((job) => {
      const before = job.depends_on === null ? undefined : jobs.get(job.depends_on)
      if (before === undefined || job.started_at === null) return []
      const inOrder = before.finished_at !== null && before.finished_at <= job.started_at
      return inOrder ? [] : [`job ${job.id} started before job ${before.id} was finished`]
    })
  },

  'the API tells each chain as it was asked for': ({ accepted, api }) =>
    accepted.flatMap(({ id, after }) => {
      const told = api.find((job) => job.id === id)?.dependency
      return told === (after ?? '') ? [] : [`job ${id} depends on ${told}, not on ${after}`]
    }),

  'a host had one run at a time, discoveries included': ({ runs }) => {
    const byHost = groupRuns(runs)
    return [...byHost.values()].flatMap((ofHost) => overlaps(ofHost))
  },

  'no router had two sessions with changing commands at once': ({ routers }) =>
    [...routers.values()].flatMap(({ name, mutations }) => {
      const seen = new Set<number>()
      let current: number | undefined
      return mutations.flatMap(({ session, kind }) => {
        if (session !== current && seen.has(session))
          return [`${name}: session ${session} came back with ${kind}`]
        current = session
        seen.add(session)
        return []
      })
    }),

  'no router got a changing command twice for one job, but for those it dropped': (evidence) => {
    const kinds = {
      Add: 'add',
      Activate: 'activate',
      Deactivate: 'deactivate',
      Commit: 'commit',
      Remove: 'remove',
    }
    return [...evidence.routers.values()].flatMap(({ name, counts }) =>
      Object.entries(kinds).flatMap(([action, kind]) => {
        const jobs = evidence.api.filter((job) => job.hostname === name && job.install_action === action)
        const sent = counts[kind] ?? 0
        const dropped = jobs.reduce((sum, { id }) => sum + droppedOperations(evidence.sessions, id), 0)
        return sent === jobs.length + dropped
          ? []
          : [`${name} got ${sent} × ${kind} for ${jobs.length} jobs (${action}), and dropped ${dropped}`]
      }),
    )
  },

  'the journal tells of every changing command, once': ({ journal, sessions }) => {
    const told = new Map<string, number>()
    return journal.flatMap(({ job_id, kind, command, outcome }) => {
      if (outcome === 'not-sent') return []
      const key = `job ${job_id}: ${kind} ${command}`
      const times = (told.get(key) ?? 0) + 1
      told.set(key, times)
      return times > 1 + droppedOperations(sessions, job_id) ? [key] : []
    })
  },

  'nothing is left: no run, no lease, no undelivered result': ({ runs, scheduler, undelivered }) => [
    ...runs
      .filter(({ state }) => state !== 'ended')
      .map(({ job_id, state }) => `run of job ${job_id} is ${state}`),
    ...scheduler.filter(({ status }) => status === 'in-progress').map(({ id }) => `job ${id} is in progress`),
    ...[...undelivered]
      .filter(([, count]) => count > 0)
      .map(([name, count]) => `${count} deliveries wait in ${name}`),
  ],

  'events of a job are numbered without a gap': ({ events }) => {
    const next = new Map<number, number>()
    return events.flatMap(({ job_id, seq }) => {
      const expected = next.get(job_id) ?? 1
      next.set(job_id, seq + 1)
      return seq === expected ? [] : [`job ${job_id}: event ${seq} stands where ${expected} was due`]
    })
  },

  ...sessionChecks,

  ...logChecks,

  'an executor that was told to stop took no new run': stopCheck,

  'every job has a session log': ({ logs, accepted }) =>
    accepted.flatMap(({ id }) =>
      (logs.get(id)?.get('session.log')?.length ?? 0) > 0 ? [] : [`job ${id} has none`],
    ),

  'the API never answered an unexpected error': ({ faults }) => [...faults],
}

function groupRuns(runs: readonly RunRow[]): Map<string, RunRow[]> {
  const groups = new Map<string, RunRow[]>()
  for (const run of runs) groups.set(run.host_id, [...(groups.get(run.host_id) ?? []), run])
  return groups
}

function overlaps(runs: readonly RunRow[]): string[] {
  const timed = runs.flatMap(({ job_id, started_at, ended_at }) =>
    started_at === null || ended_at === null ? [] : [{ job_id, started_at, ended_at }],
  )
  const sorted = timed.sort((a, b) => a.started_at.getTime() - b.started_at.getTime())
  return sorted.flatMap((run, index) => {
    const before = sorted[index - 1]
    return before !== undefined && before.ended_at > run.started_at
      ? [`runs of jobs ${before.job_id} and ${run.job_id} were on one host at once`]
      : []
  })
}
