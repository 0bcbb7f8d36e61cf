// What goes wrong on routers is told in the routers' words, and what depends on it waits.

import t from 'tap'
import type { JobRow } from '../harness/api.ts'
import { fillInventory, hostRow, packagesFor, scheduleUpgrade } from '../harness/fleet.ts'
import { startLab } from '../harness/lab.ts'
import { openSlipway } from '../harness/shared.ts'
import { freePort } from '../harness/slipway.ts'

const lab = await startLab()
const slipway = await openSlipway()
const { api } = slipway
t.teardown(async () => {
  await slipway.close()
  await lab.stop()
})
await fillInventory(api, lab)

const ended = (job: JobRow) => job.status === 'completed' || job.status === 'failed'

async function schedule(row: object): Promise<number> {
  const { install_job_list: jobs } = await api.ok<{ install_job_list: { id: number }[] }>(
    'POST',
    '/install',
    row,
  )
  return jobs[0]?.id ?? 0
}

for (const protocol of ['telnet', 'ssh'] as const) {
  t.test(`a wrong password over ${protocol} fails the job and says so`, async (t) => {
    const router = lab.router('asr9k', protocol)
    const hostname = `wrong-password-${protocol}`
    await api.ok('POST', '/hosts', { ...hostRow(router), hostname, password: 'not-the-password' })
    const job = await api.jobWhen(await schedule({ hostname, install_action: 'Pre-Upgrade' }), ended)
    t.equal(job.status, 'failed')
    t.match(job.status_message, /authentication failed/i)
    t.notMatch(JSON.stringify(job), /not-the-password/)
  })
}

t.test('an unreachable host fails the job and says so', async (t) => {
  const router = lab.router('asr9k', 'ssh')
  const closedPort = String(await freePort())
  await api.ok('POST', '/hosts', { ...hostRow(router), hostname: 'unreachable', port_number: closedPort })
  const job = await api.jobWhen(
    await schedule({ hostname: 'unreachable', install_action: 'Pre-Upgrade' }),
    ended,
  )
  t.equal(job.status, 'failed')
  t.match(`${job.status_message} ${job.trace}`, /refused|unreachable|unable to connect/i)
})

t.test(
  "a device that aborts the operation fails the job with the device's words; dependents wait",
  async (t) => {
    const router = lab.router('ncs5500', 'ssh')
    const words = 'ERROR! Package signature could not be verified'
    await lab.setFaults(router.name, [{ kind: 'abort', match: 'install add', text: words }])
    const ids = await scheduleUpgrade(api, lab, router)
    const add = await api.jobWhen(ids['Add'] ?? 0, ended)
    t.equal(add.status, 'failed')
    t.match(add.trace, words)
    const activate = await api.jobWhen(ids['Activate'] ?? 0, (job) => /failed/.test(job.status_message))
    t.equal(activate.status, 'scheduled')
    t.match(activate.status_message, new RegExp(`${ids['Add']}.*Add.*failed`))
    const mutations = await lab.mutations(router.name)
    t.same(
      mutations.map(({ kind }) => kind),
      ['add'],
      'nothing but the add was sent',
    )
    await lab.setFaults(router.name, [])

    const removed = await api.ok<{ install_job_list: { id: number; status: string }[] }>(
      'DELETE',
      `/install/delete?id=${ids['Add']}`,
    )
    t.same(
      removed.install_job_list.map(({ id }) => id).sort(),
      [ids['Add'], ids['Activate'], ids['Post-Upgrade'], ids['Commit']].sort(),
      'deleting the failed job deletes what waits for it',
    )
  },
)

t.test('a package that is not in the repository fails Add with the words of the device', async (t) => {
  for (const router of [lab.router('asr9k', 'telnet'), lab.router('ncs5500', 'telnet')]) {
    const software_packages = (packagesFor(lab, router)[0] ?? '').replace(/\d/, '9').replace('-', '-no-')
    const id = await schedule({
      hostname: router.name,
      install_action: 'Add',
      server_repository: lab.repository.row.hostname,
      software_packages,
    })
    const job = await api.jobWhen(id, ended)
    t.equal(job.status, 'failed')
    t.not(job.trace, '', `${router.family} tells why: ${job.trace}`)
  }
})

t.test('a full disk fails Add with the words of the device, on both families', async (t) => {
  const cases = [
    [lab.router('asr9k', 'ssh'), /insufficient disk space/],
    [lab.router('ncs5500', 'telnet'), /Not enough free disk space/],
  ] as const
  for (const [router, words] of cases) {
    await lab.setFaults(router.name, [{ kind: 'disk-full', match: 'install add' }])
    const id = await schedule({
      hostname: router.name,
      install_action: 'Add',
      server_repository: lab.repository.row.hostname,
      software_packages: packagesFor(lab, router)[0],
    })
    const job = await api.jobWhen(id, ended)
    t.equal(job.status, 'failed')
    t.match(job.trace, words, router.family)
    await lab.setFaults(router.name, [])
  }
})

t.test('a job deleted while it waits never runs, and one ten years ahead stays scheduled', async (t) => {
  const router = lab.router('asr9k', 'telnet')
  const year = new Date().getUTCFullYear() + 10
  const later = { scheduled_time: `01-31-${year} 11:30 PM`, utc_offset: '-03:30' }
  const far = await schedule({ hostname: router.name, install_action: 'Commit', ...later })
  const doomed = await schedule({ hostname: router.name, install_action: 'Post-Upgrade', ...later })
  const { install_job_list: rows } = await api.ok<{ install_job_list: object[] }>(
    'DELETE',
    `/install/delete?id=${doomed}`,
  )
  t.match(rows, [{ id: doomed, status: 'SUCCESS', hostname: router.name, install_action: 'Post-Upgrade' }])
  t.equal((await api.call('GET', `/install?id=${doomed}`)).status, 400)
  // Something else on the same host runs to its end meanwhile: the far job was looked at and left alone.
  const now = await schedule({ hostname: router.name, install_action: 'Pre-Upgrade' })
  t.equal((await api.jobWhen(now, ended)).status, 'completed')
  const job = await api.jobWhen(far, () => true)
  t.match(job, {
    status: 'scheduled',
    scheduled_time: new RegExp(`01 Feb ${year} 03:00:00 GMT`),
    start_time: '',
  })
})
