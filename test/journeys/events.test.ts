// Watching jobs: server-sent events, live and afterwards, with connections that are cut and gateways that die.
import { until } from '@slipway/test-kit'
import t from 'tap'
import { heldFetchAt } from '../harness/described.ts'
import { type EventClient, followEvents } from '../harness/event-stream.ts'
import { fillInventory, scheduleUpgrade } from '../harness/fleet.ts'
import { startLab } from '../harness/lab.ts'
import { runningMembers } from '../harness/members.ts'
import { findSecrets } from '../harness/secrets.ts'
import { openSlipway } from '../harness/shared.ts'
import { adminPassword, shape } from '../harness/slipway.ts'
import { readZip } from '../harness/zip.ts'

const lab = await startLab()
const slipway = await openSlipway()
const { api } = slipway
t.teardown(async () => {
  await slipway.close()
  await lab.stop()
})
const router = lab.router('asr9k', 'ssh')
await fillInventory(api, lab, [router])

const authorization = `Basic ${Buffer.from(`root:${adminPassword}`).toString('base64')}`
const held = heldFetchAt(slipway.url)
const pathOf = (id: number) => `/api/v1/install/${id}/events`
const urlOf = (id: number) => `${slipway.url}${pathOf(id)}`
const named = ({ events }: EventClient, name: string) => events.filter((event) => event.name === name)
const statuses = (client: EventClient) => named(client, 'status').map(({ data }) => data['status'])
const seqs = (client: EventClient) => named(client, 'activity').map(({ data }) => Number(data['seq']))
const linesOf = (client: EventClient, log: string) =>
  named(client, 'log').flatMap(({ data }) => (data['log'] === log ? (data['lines'] as string[]) : []))

/** The lines of a file as the stream tells them. */
function fileLines(file: Buffer | undefined): string[] {
  const lines = (file?.toString() ?? '').split('\n').map((line) => line.replace(/\r+$/, ''))
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines
}

t.test('an upgrade is watched live; what is cut or dies costs no event and brings none twice', async (t) => {
  const ids = Object.values(await scheduleUpgrade(api, lab, router))
  const steady = new Map(ids.map((id) => [id, followEvents({ url: urlOf(id), authorization })]))
  let killed = false
  const onEvent = () => {
    // In the middle of the second job.
    if (killed || shape !== 'cluster') return
    killed = true
    const [gateway] = runningMembers(slipway.child, 'gateway')
    if (gateway !== undefined) process.kill(gateway.pid, 'SIGKILL')
  }
  const cut = new Map(
    ids.map((id) => [id, followEvents({ url: urlOf(id), authorization, cutAfter: 7, onEvent })]),
  )
  await Promise.all([...steady.values(), ...cut.values()].map(({ done }) => done))

  for (const id of ids) {
    const later = followEvents({ url: urlOf(id), authorization })
    await later.done
    const clients = [steady.get(id), cut.get(id), later].filter((client) => client !== undefined)
    const files = await readZip(await api.zip(id))
    const all = seqs(later)
    t.same(
      all,
      all.map((_seq, index) => index + 1),
      'activities without gap',
    )
    for (const client of clients) {
      t.same(seqs(client), all)
      t.equal(client.events.at(-1)?.name, 'status')
      t.equal(statuses(client).at(-1), 'completed')
      t.equal(new Set(statuses(client)).size, statuses(client).length, 'no status twice')
      t.same(linesOf(client, 'plugins.log'), fileLines(files.get('plugins.log')))
      t.same(linesOf(client, 'session.log'), fileLines(files.get('session.log')))
    }
    t.equal(named(later, 'activity').at(-1)?.data['kind'], 'ended')
    t.ok((cut.get(id)?.connections() ?? 0) > 2, 'connections were cut')
    const headers = { authorization, 'last-event-id': later.lastId() }
    t.equal((await held(pathOf(id), { headers })).status, 204)
    t.same(findSecrets(JSON.stringify(later.events), lab.passwords), [])
  }
  const live = [...steady.values()].flatMap(({ events }) => events)
  t.ok(
    live.some(({ name }) => name === 'progress'),
    'progress was told',
  )
  t.same(new Set(live.filter(({ name }) => name === 'progress').map(({ id }) => id)), new Set(['']))
})

t.test('a job that waits is watched, fails, runs again, and is deleted', async (t) => {
  await lab.setFaults(router.name, [{ kind: 'abort', match: 'install commit', text: 'ERROR! Not today' }])
  const year = new Date().getUTCFullYear() + 1
  const row = { hostname: router.name, install_action: 'Commit' }
  const later = { scheduled_time: `01-31-${year} 11:30 PM`, utc_offset: '+00:00' }
  const ask = async (body: object) =>
    (await api.ok<{ install_job_list: { id: number }[] }>('POST', '/install', body)).install_job_list[0]
      ?.id ?? 0

  const waiting = await ask({ ...row, ...later })
  const watched = followEvents({ url: urlOf(waiting), authorization })
  await until(() => statuses(watched).length === 1, { message: 'its state', timeoutMs: 30_000 })
  t.match(watched.events[0], {
    name: 'status',
    data: { status: 'scheduled', status_message: /scheduled time/ },
  })
  await api.ok('DELETE', `/install/delete?id=${waiting}`)
  await watched.done
  t.equal(watched.events.at(-1)?.name, 'deleted')
  t.equal((await held(pathOf(waiting), { headers: { authorization } })).status, 400)

  const id = await ask(row)
  const failing = followEvents({ url: urlOf(id), authorization })
  await failing.done
  t.equal(statuses(failing).at(-1), 'failed')
  await lab.setFaults(router.name, [])
  await api.ok('POST', `/install/${id}/resubmit`)
  const again = followEvents({ url: urlOf(id), authorization })
  await again.done
  t.equal(statuses(again).at(-1), 'completed')
  t.same(seqs(again).slice(0, seqs(failing).length), seqs(failing), 'one record over both submissions')
  t.equal(named(again, 'status').at(-1)?.data['submission'], 2)
})
