// Pausing, cancelling and resubmitting as a client meets them. Source: REST contract, section 8.
import t from 'tap'
import type { JobRow } from '../harness/api.ts'
import { type CreatedJob, fillInventory, packagesFor, region } from '../harness/fleet.ts'
import { startLab } from '../harness/lab.ts'
import { openSlipway } from '../harness/shared.ts'
import { ahead } from './world.ts'

// Operations that take their time, so that a cancellation finds one at work.
const lab = await startLab(['--operation-ms', '3000'])
const { api, close } = await openSlipway()
t.teardown(async () => {
  await close()
  await lab.stop()
})
const router = lab.router('asr9k', 'ssh')
const hostname = router.name
await fillInventory(api, lab, [router])

interface Switch {
  scope: string
  name: string
  paused: boolean
  reason: string
  paused_by: string
  paused_time: string
}
const NOT_PAUSED = { paused: false, reason: '', paused_by: '', paused_time: '' }
const everything = { scope: 'global', name: '' }
const switches = async () => (await api.ok<{ dispatch_list: Switch[] }>('GET', '/dispatch')).dispatch_list
const set = (body: object) => api.ok<{ dispatch_list: Switch[] }>('POST', '/dispatch', body)
const scheduled = (job: JobRow) => job.status === 'scheduled'
const ended = (job: JobRow) => job.status === 'completed' || job.status === 'failed'
const refusal = (status_message: string) => ({
  status: 400,
  body: { api_response: { status: 'FAILED', status_message } },
})

async function schedule(...rows: object[]): Promise<number[]> {
  const answer = await api.ok<{ install_job_list: CreatedJob[] }>('POST', '/install', rows)
  return answer.install_job_list.map(({ id }) => id)
}

t.test('nothing is paused at first; rows that are wrong change nothing', async (t) => {
  t.same(await switches(), [{ ...everything, ...NOT_PAUSED }])
  const answer = await api.call('POST', '/dispatch', [
    { scope: 'region', name: 'Nowhere', paused: true },
    { scope: 'host', name: 'nobody', paused: true },
    { scope: 'global', paused: 'yes' },
    { scope: 'global', name: hostname, paused: true },
    { scope: 'host', paused: true, until: 'later' },
  ])
  t.equal(answer.status, 400)
  t.match(answer.body, {
    api_response: {
      dispatch_list: [
        { status: 'FAILED', status_message: "Region 'Nowhere' does not exist in the database." },
        { status_message: "Host 'nobody' does not exist in the database." },
        { status_message: "'paused' must be true or false." },
        { status_message: "'name' is invalid: a switch of everything has none." },
        { status_message: "Missing JSON key: 'name'." },
      ],
    },
  })
  t.equal((await switches()).length, 1)
})

t.test('a paused scope starts nothing and says so; resumed, it goes on at once', async (t) => {
  const pauses = [
    { scope: 'host', name: hostname, paused: true, reason: 'on the bench' },
    { scope: 'region', name: region, paused: true },
    { scope: 'global', paused: true, reason: 'all hands' },
  ]
  await set(pauses)
  t.match(await switches(), [
    { ...everything, paused: true, reason: 'all hands', paused_by: 'root', paused_time: / GMT$/ },
    { scope: 'region', name: region, reason: '' },
    { scope: 'host', name: hostname, reason: 'on the bench' },
  ])
  const [id = 0] = await schedule({ hostname, install_action: 'Pre-Upgrade' })
  const says = async () => (await api.jobWhen(id, scheduled)).status_message
  t.equal(await says(), 'Waiting: everything is paused by root: all hands')
  await set({ scope: 'global', paused: false })
  t.equal(await says(), `Waiting: region ${region} is paused by root`)
  await set({ scope: 'region', name: region, paused: false })
  t.equal(await says(), `Waiting: host ${hostname} is paused by root: on the bench`)
  t.same(await api.call('POST', `/install/${id}/cancel`).then(({ status, body }) => ({ status, body })), {
    ...refusal(`Unable to cancel install job '${id}' as it is scheduled.`),
  })
  await set({ scope: 'host', name: hostname, paused: false })
  t.equal((await api.jobWhen(id, ended)).status, 'completed')
  t.same(await switches(), [{ ...everything, ...NOT_PAUSED }])
  for (const verb of ['cancel', 'resubmit']) {
    const { status, body } = await api.call('POST', `/install/${id}/${verb}`)
    t.same({ status, body }, refusal(`Unable to ${verb} install job '${id}' as it is completed.`))
  }
})

t.test('a running job is cancelled, resubmitted, and what waited for it goes on', async (t) => {
  const software_packages = packagesFor(lab, router)
  const [add = 0, activate = 0] = await schedule(
    {
      hostname,
      install_action: 'Add',
      server_repository: lab.repository.row.hostname,
      software_packages,
    },
    { hostname, install_action: 'Activate', software_packages },
  )
  await api.jobWhen(add, ({ status }) => status === 'in-progress')
  const done = { status: 'SUCCESS', id: add, hostname, install_action: 'Add' }
  t.same(await api.ok('POST', `/install/${add}/cancel`), done)
  t.same(await api.ok('POST', `/install/${add}/cancel`), done, 'again is the same')
  const cancelled = await api.jobWhen(add, ended)
  t.equal(cancelled.status, 'failed')
  t.match(cancelled.status_message, /^Cancelled by root/)
  const waiting = await api.jobWhen(activate, scheduled)
  t.equal(waiting.status_message, `Waiting for dependency ${add} (Add, failed)`)
  const bad = await api.call('POST', `/install/${add}/resubmit`, { scheduled_time: '01-01-2020 01:00 AM' })
  t.equal(bad.status, 400)
  const both = await Promise.all([1, 2].map(() => api.call('POST', `/install/${add}/resubmit`)))
  t.same(both.map(({ status }) => status).sort(), [200, 400], 'twice at the same time is once')
  t.equal((await api.jobWhen(add, ended)).status, 'completed')
  t.equal((await api.jobWhen(activate, ended)).status, 'completed')
})

t.test('a job is resubmitted for a time, which may be moved again once it has failed', async (t) => {
  const [id = 0] = await schedule({
    hostname,
    install_action: 'Add',
    server_repository: lab.repository.row.hostname,
    software_packages: 'no-such-file.pie',
  })
  t.equal((await api.jobWhen(id, ended)).status, 'failed')
  const later = ahead(3)
  const done = { status: 'SUCCESS', id, hostname, install_action: 'Add' }
  t.same(await api.ok('POST', `/install/${id}/resubmit`, later), done)
  const job = await api.jobWhen(id, scheduled)
  const row = await api.ok<{ install_job_list: JobRow[] }>('GET', `/install?id=${id}&utc_offset=%2B00:00`)
  t.match(row.install_job_list, [{ id, status: 'scheduled', scheduled_time: later.scheduled_time }])
  t.match(job.status_message, /^(?!Cancelled)/)
  await api.ok('DELETE', `/install/delete?id=${id}`)
})

t.test('unknown jobs', async (t) => {
  for (const path of ['999999/cancel', 'x/resubmit', '0/cancel']) {
    const { status, body } = await api.call('POST', `/install/${path}`)
    const [id] = path.split('/')
    t.same({ status, body }, refusal(`Install job id '${id}' does not exist in the database.`))
  }
})
