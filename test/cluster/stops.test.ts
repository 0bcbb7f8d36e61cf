// The cluster as its user meets it: `npm run cluster` comes up, says who runs where, serves, survives the stop of any
// process of a service under load without a failed request or a lost run, and goes away in order.
import { haveNatsServer } from '@slipway/test-kit'
import t from 'tap'
import type { JobRow } from '../harness/api.ts'
import { makeDataDir } from '../harness/data-dir.ts'
import { followEvents } from '../harness/event-stream.ts'
import { fillInventory, hostRow, scheduleUpgrade } from '../harness/fleet.ts'
import { startLab } from '../harness/lab.ts'
import { type Question, startLoad } from '../harness/load.ts'
import { httpMembers, membersOf, runsAgain } from '../harness/members.ts'
import { adminPassword, quickLeases, startSlipway } from '../harness/slipway.ts'

const farAway = { scheduled_time: `01-31-${new Date().getUTCFullYear() + 5} 11:30 PM`, utc_offset: '+00:00' }

const basic = (user: string, password: string) =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`

if (haveNatsServer(t)) {
  t.test('the cluster on one machine', async (t) => {
    const dataDir = await makeDataDir()
    t.teardown(() => dataDir.remove())
    const lab = await startLab(['--operation-ms', '2500'])
    t.teardown(() => lab.stop())
    const { child, api, url } = await startSlipway(dataDir.path, {
      shape: 'cluster',
      // Clients that never pause leave little of a small machine: slow is not what is looked for here.
      env: { ...quickLeases, GATEWAY_READ_TIMEOUT: '20s' },
    })
    t.teardown(() => child.stop('SIGKILL'))
    const members = membersOf(child)

    await t.test('says who runs where, and serves', async (t) => {
      const kinds = new Map<string, number>()
      for (const { name } of members) {
        const kind = name.replace(/-\d+$/, '')
        kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
      }
      t.match(Object.fromEntries(kinds), {
        nats: 1,
        auth: 2,
        inventory: 2,
        scheduler: 2,
        executor: 3,
        gateway: 2,
      })
      t.equal((await fetch(`${url}/readyz`)).status, 200)
      for (const { name, http } of httpMembers(child)) {
        t.equal((await fetch(`${http}/readyz`)).status, 200, name)
      }
      t.notOk(child.lines.some((line) => line.includes(adminPassword)))
    })

    await t.test('gives session logs to nobody without a ticket', async (t) => {
      const executor = httpMembers(child).find(({ name }) => name === 'executor-1')
      const answer = await fetch(`${executor?.http}/install/logs/1`)
      t.match(await answer.json(), { code: 'AUTH_NOT_AUTHORIZED' })
      t.equal(answer.status, 400)
    })

    await t.test('loses no request and no run when any process is stopped', async (t) => {
      await fillInventory(api, lab)
      const { token } = (await api.call<{ token: string }>('GET', '/token')).body
      const upgraded = [lab.router('asr9k', 'telnet'), lab.router('ncs5500', 'ssh')]
      const upgrades = await Promise.all(upgraded.map((router) => scheduleUpgrade(api, lab, router)))
      const watched = upgrades
        .flatMap(Object.values<number>)
        .map((id) =>
          followEvents({ url: `${url}/api/v1/install/${id}/events`, authorization: basic(token, 'unused') }),
        )
      // Jobs begin and end all the time on another router, while the upgrades go on.
      const busy = lab.router('asr9k', 'ssh')
      const jobIds: number[] = []
      let hosts = 0
      const clients: (() => Question)[] = [
        () => ({ method: 'GET', path: '/install' }),
        () => ({ method: 'GET', path: '/regions' }),
        () => {
          const hostname = `written-${hosts++ % 200}`
          return { method: 'POST', path: '/hosts', body: { ...hostRow(busy), hostname, port_number: '1' } }
        },
        () => ({
          method: 'POST',
          path: '/install',
          body: { hostname: busy.name, install_action: 'Pre-Upgrade', ...farAway },
        }),
      ]
      const load = startLoad({
        url,
        authorization: basic(token, 'unused'),
        clients,
        onAnswer({ path, method }, body) {
          if (method === 'GET' || path !== '/install') return
          const { api_response: answer } = JSON.parse(body) as {
            api_response: { install_job_list: { id: number }[] }
          }
          jobIds.push(...answer.install_job_list.map(({ id }) => id))
        },
      })
      const running: number[] = []
      for (const { name, pid } of members.filter((each) => each.name.endsWith('-1'))) {
        // A job that begins now runs while the process stops.
        running.push(
          ...(
            await api.ok<{ install_job_list: { id: number }[] }>('POST', '/install', {
              hostname: busy.name,
              install_action: 'Pre-Upgrade',
            })
          ).install_job_list.map(({ id }) => id),
        )
        process.kill(pid, 'SIGTERM')
        await runsAgain(child, name)
        t.pass(`${name} was stopped after ${load.asked()} requests`)
      }
      const failures = await load.stop()
      t.same(failures, [], `of ${load.asked()} requests`)
      t.equal(new Set(jobIds).size, jobIds.length, 'each job has an id of its own')

      const ended = (job: JobRow) => job.status === 'completed' || job.status === 'failed'
      for (const id of running) {
        const job = await api.jobWhen(id, ended)
        t.equal(job.status, 'completed', `${job.status_message} ${job.trace}`)
      }
      for (const upgrade of upgrades) {
        for (const [action, id] of Object.entries(upgrade)) {
          const job = await api.jobWhen(id, ended, 120_000)
          t.equal(job.status, 'completed', `${action}: ${job.status_message} ${job.trace}`)
        }
      }
      for (const { done, events, refusals } of watched) {
        await done
        const seqs = events.flatMap(({ name, data }) => (name === 'activity' ? [Number(data['seq'])] : []))
        t.same(
          seqs,
          seqs.map((_seq, index) => index + 1),
          'who watched was told everything once',
        )
        t.match(events.at(-1), { name: 'status', data: { status: 'completed' } })
        t.equal(refusals(), 0, 'and would have come back as an EventSource, too')
      }
      for (const router of upgraded) {
        const kinds = (await lab.mutations(router.name)).map(({ kind }) => kind)
        t.same(kinds, ['add', 'activate', 'commit'], `${router.name} got each once`)
      }
      // Not one job that was answered for is missing.
      const stored = new Set((await api.jobs(busy.name)).map(({ id }) => id))
      t.same(
        jobIds.filter((id) => !stored.has(id)),
        [],
        `of ${jobIds.length} jobs`,
      )
    })

    await t.test('stops in order on Ctrl-C, which all its processes get', async (t) => {
      for (const { name, pid } of members) if (name !== 'nats') signal(pid)
      const { code } = await child.stop('SIGINT')
      t.equal(code, 0)
      t.equal(child.lines.at(-1), 'Stopped.')
      for (const { name, pid } of members) t.notOk(isRunning(pid), name)
    })
  })
}

/** SIGINT as a terminal sends it; some processes were replaced by others meanwhile. */
function signal(pid: number): void {
  if (isRunning(pid)) process.kill(pid, 'SIGINT')
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
