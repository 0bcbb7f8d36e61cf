// What the cluster shape adds to the journeys: NATS goes away and comes back, services are killed one after the other.
// `NATS_OUTAGE_S=60` stops NATS for as long as the issue asks; the default is longer than a lease here, too.
import { setTimeout as pause } from 'node:timers/promises'
import { haveNatsServer } from '@slipway/test-kit'
import t, { type Test } from 'tap'
import type { JobRow } from '../harness/api.ts'
import { makeDataDir } from '../harness/data-dir.ts'
import { fillInventory, scheduleUpgrade } from '../harness/fleet.ts'
import { type Lab, startLab } from '../harness/lab.ts'
import { adminPassword, freePort, quickLeases, type Slipway, startSlipway } from '../harness/slipway.ts'

const OUTAGE_MS = Number(process.env['NATS_OUTAGE_S'] ?? 12) * 1_000
const ended = (job: JobRow) => job.status === 'completed' || job.status === 'failed'
const authorization = `Basic ${Buffer.from(`root:${adminPassword}`).toString('base64')}`

interface Member {
  name: string
  pid: number
  http: string | undefined
}

/** Who runs where, as the cluster printed it: `  executor-1  process 4711    health, metrics http://127.0.0.1:5007` */
const members = (slipway: Slipway): Member[] =>
  slipway.child.lines.flatMap((line) => {
    const [, name = '', pid = '', http] = /^ {2}(\S+) +process (\d+) .*?(http:\S+)?$/.exec(line) ?? []
    return name === '' ? [] : [{ name, pid: Number(pid), http }]
  })

/** `executor-1 ended (SIGKILL); it is started again in 0.5 s`: what the supervisor reports of a death. */
const deaths = (slipway: Slipway): string[] =>
  slipway.child.lines.filter((line) => / ended \(.*it is started again/.test(line))

async function build(t: Test, operationMs: number): Promise<{ slipway: Slipway; lab: Lab }> {
  const dataDir = await makeDataDir()
  t.teardown(() => dataDir.remove())
  const lab = await startLab(['--operation-ms', String(operationMs)])
  t.teardown(() => lab.stop())
  const port = await freePort()
  const slipway = await startSlipway(dataDir.path, { port, shape: 'cluster', env: quickLeases })
  t.teardown(() => slipway.child.stop())
  await fillInventory(slipway.api, lab)
  return { slipway, lab }
}

async function status(url: string): Promise<{ code: number; retryAfter: string | null; ms: number }> {
  const started = performance.now()
  const response = await fetch(url, { headers: { authorization } })
  await response.arrayBuffer()
  return {
    code: response.status,
    retryAfter: response.headers.get('retry-after'),
    ms: performance.now() - started,
  }
}

async function until(condition: () => Promise<boolean>, what: string, withinMs = 20_000): Promise<number> {
  const started = performance.now()
  while (!(await condition())) {
    if (performance.now() - started > withinMs) throw new Error(`not within ${withinMs} ms: ${what}`)
    await pause(50)
  }
  return performance.now() - started
}

/** A sum over a counter's lines in the metrics of all executors. */
async function counted(slipway: Slipway, metric: string): Promise<number> {
  const executors = members(slipway).filter(({ name }) => name.startsWith('executor'))
  const pages = await Promise.all(executors.map(async ({ http }) => (await fetch(`${http}/metrics`)).text()))
  const lines = pages.flatMap((page) => page.split('\n').filter((line) => line.startsWith(metric)))
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
}

if (haveNatsServer(t)) {
  t.test('an upgrade goes on while NATS is away; the API says so and is back at once', async (t) => {
    const { slipway, lab } = await build(t, OUTAGE_MS + 4_000)
    const router = lab.router('ncs5500', 'ssh')
    const ids = await scheduleUpgrade(slipway.api, lab, router)
    await until(async () => (await lab.mutations(router.name)).length > 0, 'Add is under way')
    const before = members(slipway)
    const nats = before.find(({ name }) => name === 'nats')
    const gateway = before.find(({ name }) => name === 'gateway-1')
    if (!nats || !gateway) throw new Error('no nats, no gateway')

    process.kill(nats.pid, 'SIGSTOP')
    const stopped = performance.now()
    try {
      await until(async () => (await status(`${slipway.url}/api/v1/hosts`)).code === 503, 'the API says 503')
      while (performance.now() - stopped < OUTAGE_MS) {
        const answer = await status(`${slipway.url}/api/v1/hosts`)
        if (answer.code !== 503 || answer.ms > 2_000 || answer.retryAfter === null)
          t.fail(JSON.stringify(answer))
        await pause(500)
      }
      t.equal((await status(`${gateway.http}/healthz`)).code, 200, 'alive')
      t.equal((await status(`${gateway.http}/readyz`)).code, 503, 'but not ready')
    } finally {
      process.kill(nats.pid, 'SIGCONT')
    }
    const back = await until(
      async () => (await status(`${slipway.url}/api/v1/hosts`)).code === 200,
      'back',
      5_000,
    )
    t.comment(`the API was back after ${Math.round(back)} ms`)
    await slipway.api.jobWhen(ids['Commit'] ?? 0, ended, 240_000)
    const jobs = await slipway.api.jobs(router.name)
    t.same(
      jobs.map(({ status }) => status),
      jobs.map(() => 'completed'),
    )
    t.same(deaths(slipway), [], 'nothing was restarted')
    const claimed = await counted(slipway, 'slipway_executor_attempts_total{start="claimed"}')
    t.ok(claimed >= jobs.length, `${claimed} attempts were claimed`)
    t.equal(await counted(slipway, 'slipway_executor_attempts_total{start="expired"}'), 0, 'no lease expired')
  })

  t.test('any service may be killed; the others recover and an upgrade goes through', async (t) => {
    const { slipway, lab } = await build(t, 1_500)
    const router = lab.router('asr9k', 'telnet')
    const ids = await scheduleUpgrade(slipway.api, lab, router)
    const killed = [
      'auth',
      'inventory',
      'scheduler-1',
      'scheduler-2',
      'executor-1',
      'executor-2',
      'executor-3',
    ]
    for (const name of [...killed, 'gateway-1']) {
      const member = members(slipway).findLast((each) => each.name === name)
      if (!member) throw new Error(`no ${name}`)
      process.kill(member.pid, 'SIGKILL')
      const answers = async () =>
        (await status(`${member.http}/readyz`).catch(() => ({ code: 0 }))).code === 200
      await until(answers, `${name} is back`, 40_000)
    }
    await until(
      async () => (await status(`${slipway.url}/api/v1/hosts`).catch(() => ({ code: 0 }))).code === 200,
      'the API answers',
    )
    await slipway.api.jobWhen(ids['Commit'] ?? 0, ended, 120_000)
    const died = deaths(slipway).map((line) => line.trim().split(' ')[0])
    t.same(died, [...killed, 'gateway-1'], 'the others went on without a restart')
    const kinds = (await lab.mutations(router.name)).map(({ kind }) => kind)
    for (const kind of ['add', 'activate', 'commit']) {
      t.equal(kinds.filter((each) => each === kind).length, 1, `the router got one ${kind}`)
    }
  })
}
