// What the cluster shape adds to the journeys: NATS goes away and comes back, services are killed one after the other, also
// while somebody pauses, cancels and resubmits.
// `NATS_OUTAGE_S=60` stops NATS for as long as the issue asks; the default is longer than a lease here, too.
import { randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { haveNatsServer, until } from '@slipway/test-kit'
import t, { type Test } from 'tap'
import type { JobRow } from '../harness/api.ts'
import { makeDataDir } from '../harness/data-dir.ts'
import { type CreatedJob, fillInventory, hostRow, packagesFor, scheduleUpgrade } from '../harness/fleet.ts'
import { startLab } from '../harness/lab.ts'
import {
  deathsOf,
  httpMembers,
  memberOf,
  membersOf,
  replaced,
  runningMembers,
  runsAgain,
} from '../harness/members.ts'
import { adminPassword, quickLeases, type Slipway, startSlipway } from '../harness/slipway.ts'

const OUTAGE_MS = Number(process.env['NATS_OUTAGE_S'] ?? 12) * 1_000
/** What users are promised. */
const ANSWER_MS = 2_000
const ended = (job: JobRow) => job.status === 'completed' || job.status === 'failed'
const withPassword = `Basic ${Buffer.from(`root:${adminPassword}`).toString('base64')}`

interface Seen {
  code: number
  retryAfter: string | null
  text: string
  ms: number
}

/** One request. @returns code 0 if there was no answer at all */
async function ask(url: string, body?: unknown, authorization = withPassword): Promise<Seen> {
  const started = performance.now()
  const post = {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { authorization, 'content-type': 'application/json' },
  }
  try {
    const response = await fetch(url, body === undefined ? { headers: { authorization } } : post)
    const text = await response.text()
    const retryAfter = response.headers.get('retry-after')
    return { code: response.status, retryAfter, text, ms: performance.now() - started }
  } catch (error) {
    return { code: 0, retryAfter: null, text: String(error), ms: performance.now() - started }
  }
}

const file = gzipSync(randomBytes(200_000))

/** What came is the whole file. */
const isWhole = ({ code, text }: Seen) => code === 200 && text === file.toString('utf8')
/** Told to come again, in time. */
const isPutOff = ({ code, ms, retryAfter }: Seen) => code === 503 && ms <= ANSWER_MS && retryAfter !== null
/** For a message. */
const shown = ({ code, ms, retryAfter, text }: Seen) =>
  `${code} after ${Math.round(ms)} ms, Retry-After ${retryAfter}, ${text.length} characters`

const sinceMs = (moment: number) => Math.round(performance.now() - moment)

/** A sum over a counter's lines in the metrics of all executors. */
async function counted(slipway: Slipway, metric: string): Promise<number> {
  const executors = httpMembers(slipway.child).filter(({ name }) => name.startsWith('executor'))
  const pages = await Promise.all(executors.map(async ({ http }) => (await fetch(`${http}/metrics`)).text()))
  const lines = pages.flatMap((page) => page.split('\n').filter((line) => line.startsWith(metric)))
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
}

/** Every process of a service says the same of itself. */
async function allSay(t: Test, slipway: Slipway, path: string, code: number): Promise<void> {
  for (const { name, http } of httpMembers(slipway.child)) {
    t.equal((await ask(`${http}${path}`)).code, code, `${path} of ${name}`)
  }
}

async function allReady(slipway: Slipway): Promise<void> {
  for (const { name, http } of httpMembers(slipway.child)) {
    const ready = async () => (await ask(`${http}/readyz`)).code === 200
    await until(ready, { timeoutMs: 60_000, message: `${name} is ready` })
  }
}

/** A job of its own, from the request to its end. */
async function runJob(slipway: Slipway, hostname: string): Promise<JobRow> {
  const { api } = slipway
  const { install_job_list: created } = await api.ok<{ install_job_list: { id: number }[] }>(
    'POST',
    '/install',
    {
      hostname,
      install_action: 'Pre-Upgrade',
    },
  )
  return api.jobWhen(created[0]?.id ?? 0, ended)
}

if (haveNatsServer(t)) {
  t.test('the cluster in trouble', async (t) => {
    const dataDir = await makeDataDir()
    t.teardown(() => dataDir.remove())
    // One whose operations outlast the outage, and a quick one.
    const patient = await startLab(['--family', 'ncs5500', '--operation-ms', String(OUTAGE_MS + 4_000)])
    t.teardown(() => patient.stop())
    const started = await startLab(['--family', 'asr9k', '--operation-ms', '1500'])
    t.teardown(() => started.stop())
    const { repository } = started
    const quick = {
      ...started,
      repository: { ...repository, row: { ...repository.row, hostname: 'quick-repository' } },
    }
    const slipway = await startSlipway(dataDir.path, { shape: 'cluster', env: quickLeases })
    t.teardown(() => slipway.child.stop())
    const { api, child, url } = slipway
    await fillInventory(api, patient)
    await fillInventory(api, quick)
    const published = await fetch(`${url}/api/v1/distributions/agents/agent.tgz`, {
      method: 'PUT',
      headers: { authorization: withPassword },
      body: file,
    })
    t.equal(published.status, 201)
    const { body } = await api.call<{ token: string }>('GET', '/token')
    const fetchFile = (authorization = `Bearer ${body.token}`) =>
      ask(`${url}/download/agents/agent.tgz`, undefined, authorization)
    t.ok(isWhole(await fetchFile()))

    await t.test('an upgrade goes on while NATS is away; the API says so and is back at once', async (t) => {
      const router = patient.router('ncs5500', 'ssh')
      const other = quick.router('asr9k', 'ssh')
      const ids = await scheduleUpgrade(api, patient, router)
      const added = async () => (await patient.mutations(router.name)).length > 0
      await until(added, { timeoutMs: 60_000, message: 'Add is under way' })
      const { pid } = memberOf(child, 'nats')

      process.kill(pid, 'SIGSTOP')
      const stopped = performance.now()
      let slowestMs = 0
      const downloads: Seen[] = []
      try {
        // On their way when NATS froze: a read and a write, which ends with the connection, not at a deadline.
        const [read, write] = await Promise.all([
          ask(`${url}/api/v1/hosts`),
          ask(`${url}/api/v1/hosts`, { ...hostRow(other), hostname: 'perhaps' }),
        ])
        t.comment(`first answers after ${Math.round(read.ms)} ms (read), ${Math.round(write.ms)} ms (write)`)
        for (const seen of [read, write]) t.match(seen, { code: 503, retryAfter: '2' })
        const away = async () => (await ask(`${url}/api/v1/hosts`, hostRow(other))).code === 503
        await until(away, { message: 'the API knows' })
        while (performance.now() - stopped < OUTAGE_MS) {
          for (const seen of [
            await ask(`${url}/api/v1/hosts`),
            await ask(`${url}/api/v1/hosts`, { ...hostRow(other), hostname: 'never' }),
          ]) {
            slowestMs = Math.max(slowestMs, seen.ms)
            if (seen.code !== 503 || seen.ms > ANSWER_MS || seen.retryAfter === null)
              t.fail(JSON.stringify(seen))
          }
          downloads.push(await fetchFile())
          const known = await fetchFile(withPassword)
          t.ok(isPutOff(known), `a password cannot be checked: ${shown(known)}`)
          await pause(500)
        }
        // A token is good as long as what is known of revocations is fresh: five seconds.
        t.same(
          downloads.filter((seen) => !isWhole(seen) && !isPutOff(seen)).map(shown),
          [],
          'downloads are whole, or put off',
        )
        t.equal(downloads.at(-1)?.code, 503, 'in the end nobody knows who is revoked')
        await allSay(t, slipway, '/healthz', 200)
        await allSay(t, slipway, '/readyz', 503)
      } finally {
        process.kill(pid, 'SIGCONT')
      }
      const returned = performance.now()
      const back = async () => (await ask(`${url}/api/v1/hosts`)).code === 200
      await until(back, { timeoutMs: 30_000, message: 'the API answers' })
      const backMs = sinceMs(returned)
      await until(async () => isWhole(await fetchFile()), { message: 'files are sent again' })
      await until(async () => isWhole(await fetchFile(withPassword)), {
        message: 'passwords are checked again',
      })
      const job = await runJob(slipway, other.name)
      t.equal(job.status, 'completed', `a job is claimed and run: ${job.status_message} ${job.trace}`)
      t.comment(
        `away ${OUTAGE_MS / 1_000} s, answers within ${Math.round(slowestMs)} ms; after the return the API was back ` +
          `in ${backMs} ms, a job ended in ${sinceMs(returned)} ms`,
      )
      await allReady(slipway)
      await allSay(t, slipway, '/readyz', 200)
      const { host_list: hosts } = await api.ok<{ host_list: { hostname: string }[] }>('GET', '/hosts')
      t.notOk(
        hosts.some(({ hostname }) => hostname === 'never'),
        'what was refused while NATS was away is not done later',
      )

      const add = await api.jobWhen(ids['Add'] ?? 0, ended, OUTAGE_MS + 120_000)
      t.equal(add.status, 'completed', add.trace)
      t.same(deathsOf(child), [], 'nothing was restarted')
      t.ok((await counted(slipway, 'slipway_executor_attempts_total{start="claimed"}')) >= 3)
      t.equal(
        await counted(slipway, 'slipway_executor_attempts_total{start="expired"}'),
        0,
        'no lease expired',
      )
      // The rest of the chain would only take its time.
      const activated = async () =>
        (await patient.mutations(router.name)).some(({ kind }) => kind === 'activate')
      await until(activated, { timeoutMs: 60_000, message: 'the next job of the chain runs' })
    })

    await t.test('any service may be killed; the others recover and an upgrade goes through', async (t) => {
      const router = quick.router('asr9k', 'telnet')
      const ids = await scheduleUpgrade(api, quick, router)
      const names = membersOf(child).map(({ name }) => name)
      const kinds = [...new Set(names.map((name) => name.replace(/-\d+$/, '')))]
      // All replicas of a service at once, so that it is away; of the executors first the one, which others follow.
      const groups = kinds.flatMap((kind) => {
        const all = names.filter((name) => name === kind || name.startsWith(`${kind}-`))
        return kind === 'executor' ? [all.slice(0, 1), all.slice(1)] : [all]
      })
      for (const group of groups) {
        for (const name of group) process.kill(memberOf(child, name).pid, 'SIGKILL')
        await Promise.all(group.map((name) => runsAgain(child, name)))
        await allReady(slipway)
      }
      await until(async () => (await ask(`${url}/api/v1/hosts`)).code === 200, { message: 'the API answers' })
      await api.jobWhen(ids['Commit'] ?? 0, ended, 120_000)
      const jobs = await api.jobs(router.name)
      t.same(
        jobs.map(({ status }) => status),
        jobs.map(() => 'completed'),
      )
      t.same(deathsOf(child).sort(), groups.flat().sort(), 'the others went on without a restart')
      const sent = (await quick.mutations(router.name)).map(({ kind }) => kind)
      t.same(sent, ['add', 'activate', 'commit'], 'the router got each once')
    })

    await t.test('downloads go on while one replica of distribution is away or stands still', async (t) => {
      const [first = '', second = ''] = membersOf(child)
        .map(({ name }) => name)
        .filter((name) => name.startsWith('distribution'))
      const pidOf = (name: string) => runningMembers(child, name)[0]?.pid ?? 0
      const fetchMany = () => Promise.all(Array.from({ length: 10 }, () => fetchFile()))
      const areWhole = async (what: string) => {
        const seen = await fetchMany()
        t.same(seen.filter((each) => !isWhole(each)).map(shown), [], what)
        return Math.round(Math.max(...seen.map(({ ms }) => ms)))
      }
      await areWhole('all is well')
      const still = pidOf(first)
      process.kill(still, 'SIGSTOP')
      try {
        t.comment(`slowest while one stands still: ${await areWhole('one stands still')} ms`)
      } finally {
        process.kill(still, 'SIGCONT')
      }
      await areWhole('it goes on')

      // Each was killed once before.
      process.kill(pidOf(first), 'SIGKILL')
      await areWhole('one is killed')
      await runsAgain(child, first, 2)
      await allReady(slipway)
      for (const name of [first, second]) process.kill(pidOf(name), 'SIGKILL')
      const seen = await fetchMany()
      t.same(seen.filter((each) => !isWhole(each) && !isPutOff(each)).map(shown), [], 'both are killed')
      await until(async () => isWhole(await fetchFile()), { timeoutMs: 60_000, message: 'they are back' })
    })

    await t.test('pause, cancel and resubmit hold while schedulers and executors are killed', async (t) => {
      // Its operations end when they are told to.
      const slow = await startLab(['--family', 'ncs5500', '--operation-ms', '600000'])
      t.teardown(() => slow.stop())
      const router = slow.router('ncs5500', 'telnet')
      const { name: hostname } = router
      await api.ok('POST', '/hosts', { ...hostRow(router), hostname: 'slow' })
      const kill = async (...kinds: string[]) => {
        const members = kinds.flatMap((kind) => runningMembers(child, kind))
        for (const { pid } of members) process.kill(pid, 'SIGKILL')
        await Promise.all(members.map((member) => replaced(child, member)))
        await allReady(slipway)
      }
      const sent = async () => (await slow.mutations(hostname)).map(({ kind }) => kind)
      const untilSent = (kinds: string[]) =>
        until(async () => (await sent()).join() === kinds.join(), {
          timeoutMs: 60_000,
          message: `the router got ${kinds.join(', ')}`,
        })
      const finish = async (id: number) =>
        until(
          async () => {
            await slow.tell(`/routers/${hostname}/hurry`)
            return (await api.jobs('slow')).find((job) => job.id === id && ended(job))
          },
          { timeoutMs: 60_000, message: `job ${id} ends` },
        )

      const held = { scope: 'host', name: 'slow', reason: 'a cable is moved' }
      await api.ok('POST', '/dispatch', { ...held, paused: true })
      const { install_job_list: jobs } = await api.ok<{ install_job_list: CreatedJob[] }>(
        'POST',
        '/install',
        [
          {
            hostname: 'slow',
            install_action: 'Add',
            server_repository: patient.repository.row.hostname,
            software_packages: packagesFor(slow, router)[0],
          },
          { hostname: 'slow', install_action: 'Commit' },
        ],
      )
      const [add = 0, commit = 0] = jobs.map(({ id }) => id)
      await kill('scheduler')
      const paused = (job: JobRow) =>
        job.status_message === 'Waiting: host slow is paused by root: a cable is moved'
      await api.jobWhen(add, paused)
      t.same(await sent(), [])
      await api.ok('POST', '/dispatch', { ...held, paused: false })
      await untilSent(['add'])

      await api.ok('POST', `/install/${add}/cancel`)
      await kill('scheduler', 'executor')
      t.match(await api.jobWhen(add, ended), {
        status: 'failed',
        status_message: 'Cancelled by root. Install operation 1 (add) was aborted on the router.',
      })
      await api.jobWhen(commit, (job) => job.status_message === `Waiting for dependency ${add} (Add, failed)`)
      t.same(await sent(), ['add', 'abort'])

      await api.ok('POST', `/install/${add}/resubmit`)
      await kill('scheduler')
      await untilSent(['add', 'abort', 'add'])
      await kill('executor')
      t.match(await finish(add), { status: 'completed' })
      t.match(await finish(commit), { status: 'completed' })
      t.same(await sent(), ['add', 'abort', 'add', 'commit'], 'nothing was sent twice')
    })
  })
}
