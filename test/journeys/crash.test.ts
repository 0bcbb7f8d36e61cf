// Ctrl-C and SIGKILL in the middle of work: nothing is lost, nothing dangerous is done twice.

import { until } from '@slipway/test-kit'
import t from 'tap'
import type { JobRow } from '../harness/api.ts'
import { makeDataDir } from '../harness/data-dir.ts'
import { fillInventory, scheduleUpgrade } from '../harness/fleet.ts'
import { type Lab, type LabRouter, startLab } from '../harness/lab.ts'
import { shape, startSlipway } from '../harness/slipway.ts'

// Operations that take long enough to be interrupted in.
const lab: Lab = await startLab(['--operation-ms', '2500', '--reload-ms', '1500'])
t.teardown(() => lab.stop())

const ended = (job: JobRow) => job.status === 'completed' || job.status === 'failed'
const counted = ['add', 'activate', 'commit']

/** Interrupts an upgrade at its Activate and starts anew. @returns the jobs when all is over */
async function interrupt(router: LabRouter, signal: NodeJS.Signals): Promise<JobRow[]> {
  const dataDir = await makeDataDir()
  t.teardown(() => dataDir.remove())
  const first = await startSlipway(dataDir.path)
  await fillInventory(first.api, lab, [router])
  const ids = await scheduleUpgrade(first.api, lab, router)
  const sent = async () => (await lab.mutations(router.name)).some(({ kind }) => kind === 'activate')
  await until(sent, { timeoutMs: 60_000, message: 'the router gets its activate' })
  const { code } = await first.child.stop(signal)
  if (signal === 'SIGINT') t.equal(code, 0, 'Ctrl-C ends with status 0')

  const second = await startSlipway(dataDir.path)
  try {
    await second.api.jobWhen(ids['Activate'] ?? 0, ended)
    const activate = await second.api.jobWhen(ids['Activate'] ?? 0, ended)
    if (activate.status === 'completed') await second.api.jobWhen(ids['Commit'] ?? 0, ended)
    return await second.api.jobs(router.name)
  } finally {
    await second.child.stop()
  }
}

const cases = [
  ['asr9k', 'telnet', 'SIGINT'],
  ['ncs5500', 'telnet', 'SIGINT'],
  ['asr9k', 'ssh', 'SIGKILL'],
  ['ncs5500', 'ssh', 'SIGKILL'],
] as const

// Each has a Slipway and a router of its own; two at a time, as there are two processors.
t.jobs = shape === 'cluster' ? 1 : 2
for (const [family, protocol, signal] of cases) {
  t.test(
    `${signal} during Activate on ${family}, and a new start: the upgrade ends, with one activate`,
    { buffered: true },
    async (t) => {
      const router = lab.router(family, protocol)
      const jobs = await interrupt(router, signal)
      t.same(
        jobs.map((job) => [job.install_action, job.status, job.status === 'failed' ? job.trace : '']),
        jobs.map((job) => [job.install_action, 'completed', '']),
      )
      const kinds = (await lab.mutations(router.name)).map(({ kind }) => kind)
      for (const kind of counted) t.equal(kinds.filter((each) => each === kind).length, 1, `one ${kind}`)
    },
  )
}
