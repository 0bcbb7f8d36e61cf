// Ctrl-C and SIGKILL in the middle of work: nothing is lost, nothing dangerous is done twice.

import t, { type Test } from 'tap'
import type { JobRow } from '../harness/api.ts'
import { makeDataDir } from '../harness/data-dir.ts'
import { fillInventory, scheduleUpgrade } from '../harness/fleet.ts'
import { type Lab, type LabRouter, startLab } from '../harness/lab.ts'
import { type Slipway, startSlipway } from '../harness/slipway.ts'

// Operations that take long enough for two routers to be interrupted in theirs at one moment.
const lab: Lab = await startLab(['--operation-ms', '4000', '--reload-ms', '1500'])
t.teardown(() => lab.stop())

const ended = (job: JobRow) => job.status === 'completed' || job.status === 'failed'
const counted = ['add', 'activate', 'commit']

/** A status after the router's question: 64-bit XR drops an operation whose session ends while it asks. */
const UNDER_WAY = /asynchronously|% complete|reconnect|nodes/

/** The upgrades of two routers: ids of their jobs by action. */
type Upgrades = Record<string, number>[]

/** Begins upgrades and ends Slipway in the middle of their Activates. */
async function interrupt(
  { api, child }: Slipway,
  routers: LabRouter[],
  signal: NodeJS.Signals,
): Promise<[Upgrades, number | null]> {
  const upgrades = await Promise.all(routers.map((router) => scheduleUpgrade(api, lab, router)))
  const underWay = (job: JobRow) => UNDER_WAY.test(job.status_message)
  await Promise.all(upgrades.map((ids) => api.jobWhen(ids['Activate'] ?? 0, underWay)))
  const { code } = await child.stop(signal)
  return [upgrades, code]
}

/** The upgrades end, and nothing was sent twice. */
async function checkEnds(t: Test, { api }: Slipway, upgrades: Upgrades, routers: LabRouter[]): Promise<void> {
  for (const ids of upgrades) {
    const activate = await api.jobWhen(ids['Activate'] ?? 0, ended)
    if (activate.status === 'completed') await api.jobWhen(ids['Commit'] ?? 0, ended)
  }
  for (const { name } of routers) {
    const jobs = await api.jobs(name)
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
}

// Classic and eXR side by side, over the one protocol and the other.
const pair = (protocol: LabRouter['protocol']) => [
  lab.router('asr9k', protocol),
  lab.router('ncs5500', protocol),
]
const overTelnet = pair('telnet')
const overSsh = pair('ssh')

t.test(
  'Slipway is interrupted in Activates and started anew; the upgrades end, with one activate each',
  async (t) => {
    const dataDir = await makeDataDir()
    t.teardown(() => dataDir.remove())
    const first = await startSlipway(dataDir.path)
    await fillInventory(first.api, lab, [...overTelnet, ...overSsh])
    const [stopped, code] = await interrupt(first, overTelnet, 'SIGINT')
    t.equal(code, 0, 'Ctrl-C ends with status 0')

    const second = await startSlipway(dataDir.path)
    await t.test('SIGINT over Telnet', (t) => checkEnds(t, second, stopped, overTelnet))
    const [killed] = await interrupt(second, overSsh, 'SIGKILL')

    const third = await startSlipway(dataDir.path)
    t.teardown(() => third.child.stop())
    await t.test('SIGKILL over SSH', (t) => checkEnds(t, third, killed, overSsh))
  },
)
