// Ctrl-C and SIGKILL in the middle of work: nothing is lost, nothing dangerous is done twice.

import t from 'tap'
import type { JobRow } from '../harness/api.ts'
import { makeDataDir } from '../harness/data-dir.ts'
import { fillInventory, scheduleUpgrade } from '../harness/fleet.ts'
import { type Lab, type LabRouter, startLab } from '../harness/lab.ts'
import { shape, startSlipway } from '../harness/slipway.ts'

// Operations that take long enough for two routers to be interrupted in theirs at one moment.
const lab: Lab = await startLab(['--operation-ms', '4000', '--reload-ms', '1500'])
t.teardown(() => lab.stop())

const ended = (job: JobRow) => job.status === 'completed' || job.status === 'failed'
const counted = ['add', 'activate', 'commit']

/** A status after the router's question: 64-bit XR drops an operation whose session ends while it asks. */
const UNDER_WAY = /asynchronously|% complete|reconnect|nodes/

/** Interrupts upgrades at their Activates and starts anew. @returns the jobs of each router when all is over */
async function interrupt(routers: LabRouter[], signal: NodeJS.Signals): Promise<JobRow[][]> {
  const dataDir = await makeDataDir()
  t.teardown(() => dataDir.remove())
  const first = await startSlipway(dataDir.path)
  await fillInventory(first.api, lab, routers)
  const upgrades = await Promise.all(routers.map((router) => scheduleUpgrade(first.api, lab, router)))
  const underWay = (job: JobRow) => UNDER_WAY.test(job.status_message)
  await Promise.all(upgrades.map((ids) => first.api.jobWhen(ids['Activate'] ?? 0, underWay)))
  const { code } = await first.child.stop(signal)
  if (signal === 'SIGINT') t.equal(code, 0, 'Ctrl-C ends with status 0')

  const second = await startSlipway(dataDir.path)
  try {
    for (const ids of upgrades) {
      const activate = await second.api.jobWhen(ids['Activate'] ?? 0, ended)
      if (activate.status === 'completed') await second.api.jobWhen(ids['Commit'] ?? 0, ended)
    }
    return await Promise.all(routers.map(({ name }) => second.api.jobs(name)))
  } finally {
    await second.child.stop()
  }
}

// Classic and eXR side by side, over the one protocol and the other.
const cases = [
  ['telnet', 'SIGINT'],
  ['ssh', 'SIGKILL'],
] as const

// Each has a Slipway and routers of its own; two at a time, as there are two processors.
t.jobs = shape === 'cluster' ? 1 : 2
for (const [protocol, signal] of cases) {
  t.test(
    `${signal} during Activates over ${protocol}, and a new start: the upgrades end, with one activate each`,
    { buffered: true },
    async (t) => {
      const routers = [lab.router('asr9k', protocol), lab.router('ncs5500', protocol)]
      for (const [index, jobs] of (await interrupt(routers, signal)).entries()) {
        const { name = '' } = routers[index] ?? {}
        t.same(
          jobs.map((job) => [job.install_action, job.status, job.status === 'failed' ? job.trace : '']),
          jobs.map((job) => [job.install_action, 'completed', '']),
          name,
        )
        const kinds = (await lab.mutations(name)).map(({ kind }) => kind)
        for (const kind of counted) {
          t.equal(kinds.filter((each) => each === kind).length, 1, `${name} got one ${kind}`)
        }
      }
    },
  )
}
