// What operators have: metrics whose names stand in the documentation, and logs in which one id leads from a request
// over HTTP to the command on the router.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { until } from '@slipway/test-kit'
import t from 'tap'
import { repositoryRoot } from '../harness/child.ts'
import { fillInventory, hostRow, packagesFor } from '../harness/fleet.ts'
import { startLab } from '../harness/lab.ts'
import { processesOf } from '../harness/members.ts'
import { openSlipway } from '../harness/shared.ts'
import { adminPassword, freePort } from '../harness/slipway.ts'

/** A metric of ours in documentation or in a scrape's `# TYPE` line. */
const DOCUMENTED = /^\| `(slipway_[a-z_]+)`/gm
const SERVED = /^# TYPE (slipway_[a-z_]+) /gm

type Line = Record<string, unknown>

const lab = await startLab()
const slipway = await openSlipway()
const { api, child } = slipway
t.teardown(async () => {
  await slipway.close()
  await lab.stop()
})

const scrapeAll = () =>
  Promise.all(processesOf(slipway).map(async ({ http }) => (await fetch(`${http}/metrics`)).text()))
/** What all processes together say. */
const sumOf = (pages: readonly string[], sample: string) =>
  pages
    .flatMap((page) => page.split('\n').filter((line) => line.startsWith(sample)))
    .reduce((total, line) => total + Number(line.split(' ').at(-1)), 0)
/** No run is under way: a job's end is told before its run has let go of its place, and hosts are discovered. */
const rest = () =>
  until(async () => sumOf(await scrapeAll(), 'slipway_executor_runs_running') === 0, {
    timeoutMs: 60_000,
    message: 'no run is under way',
  })
await rest()
const atFirst = await scrapeAll()

const router = lab.router('ncs5500', 'ssh')
await fillInventory(api, lab, [router])

function parse(line: string): Line {
  try {
    return line.startsWith('{') ? (JSON.parse(line) as Line) : {}
  } catch {
    return {}
  }
}

const names = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, name]) => name).sort()
const authorization = `Basic ${Buffer.from(`root:${adminPassword}`).toString('base64')}`

t.test('one id leads from the request to the command on the router', async (t) => {
  const [first = ''] = packagesFor(lab, router)
  const answer = await api.call<{ api_response: { install_job_list: { id: number }[] } }>(
    'POST',
    '/install',
    {
      hostname: router.name,
      install_action: 'Add',
      server_repository: lab.repository.row.hostname,
      software_packages: first,
    },
  )
  t.equal(answer.status, 200)
  const requestId = answer.headers.get('x-request-id') ?? ''
  t.match(requestId, /^[0-9a-f-]{36}$/)
  const jobId = answer.body.api_response.install_job_list[0]?.id ?? 0
  const job = await api.jobWhen(jobId, ({ status }) => status === 'completed' || status === 'failed')
  t.equal(job.status, 'completed', `${job.status_message} ${job.trace}`)

  const told = (wanted: Line) => (text: string) => {
    const line = parse(text)
    return Object.entries({ requestId, ...wanted }).every(([key, value]) => line[key] === value)
  }
  const found = async (wanted: Line) => parse(await child.line(told(wanted), 5_000))
  const run = { jobId, attempt: 1, hostname: router.name }
  const level = 'info'
  await found({ service: 'gateway', msg: 'request', method: 'POST', path: '/api/v1/install', status: 200 })
  await found({ service: 'scheduler', msg: 'jobs were created', user: 'root', jobs: 1 })
  await found({ service: 'scheduler', msg: 'a job is handed out', jobId })
  await found({ service: 'executor', msg: 'a run begins', ...run })
  const command = await found({ service: 'executor', msg: 'command', level, ...run })
  await found({ service: 'executor', msg: 'a run ends', ending: 'completed', ...run })
  await found({ service: 'scheduler', msg: 'a job ended', jobId, outcome: 'completed' })
  t.match(command['command'], /^install add source /)
  const sent = (await lab.mutations(router.name)).map((mutation) => mutation.kind)
  t.same(sent, ['add'])
  const commands = child.lines.filter(told({ msg: 'command', level }))
  t.equal(commands.length, 1, 'a line for the one command that changes the router')
  for (const password of lab.passwords) t.notOk(commands.join().includes(password), 'without a password')
})

t.test('the id of a download stands in the logs of all who took part', async (t) => {
  const { install_job_list: jobs } = await api.ok<{ install_job_list: { id: number }[] }>('GET', '/install')
  const path = `/install/logs/${jobs[0]?.id}`
  const answer = await fetch(`${slipway.url}/api/v1${path}`, { headers: { authorization } })
  t.equal(answer.status, 200)
  await answer.arrayBuffer()
  const parties = processesOf(slipway).length > 1 ? ['executor', 'gateway'] : ['gateway']
  for (const service of parties) {
    const told = (text: string) => {
      const line = parse(text)
      return line['service'] === service && line['msg'] === 'request' && String(line['path']).endsWith(path)
    }
    const line = parse(await child.line(told, 5_000))
    t.equal(line['requestId'], answer.headers.get('x-request-id'), service)
  }
})

t.test('every process is alive, ready, and serves metrics that stand in docs/metrics.md', async (t) => {
  const documented = names(readFileSync(join(repositoryRoot, 'docs/metrics.md'), 'utf8'), DOCUMENTED)
  const served = new Set<string | undefined>()
  for (const { name, http } of processesOf(slipway)) {
    for (const path of ['/healthz', '/readyz'])
      t.equal((await fetch(`${http}${path}`)).status, 200, name + path)
    const page = await (await fetch(`${http}/metrics`)).text()
    for (const metric of names(page, SERVED)) served.add(metric)
    t.match(page, /^slipway_bus_connected\{service="[a-z]+"\} 1$/m, `${name} is connected`)
    t.match(page, /^slipway_bus_request_seconds_bucket|^# TYPE slipway_bus_request_seconds /m, name)
  }
  t.same([...served].sort(), documented, 'all that is documented, and nothing else')
})

t.test('scrapes tell what was done, and no name of a host', async (t) => {
  const hostname = 'not-there'
  await api.ok('POST', '/hosts', { ...hostRow(router), hostname, port_number: String(await freePort()) })
  const { install_job_list: created } = await api.ok<{ install_job_list: { id: number }[] }>(
    'POST',
    '/install',
    {
      hostname,
      install_action: 'Pre-Upgrade',
    },
  )
  await api.jobWhen(created[0]?.id ?? 0, ({ status }) => status === 'failed')
  await rest()
  const pages = await scrapeAll()
  for (const page of pages) {
    t.notMatch(page, router.name)
    t.notMatch(page, `${router.address}:`)
  }
  const since = (sample: string) => sumOf(pages, sample) - sumOf(atFirst, sample)
  const askedFor = 'subject="slipway.rpc.scheduler.v1.job.create",outcome="ok"'
  for (const [sample, expected] of [
    ['slipway_gateway_request_seconds_count{route="/api/v1/install",method="POST",status="2xx"}', 2],
    [`slipway_bus_request_seconds_count{${askedFor}}`, 2],
    ['slipway_scheduler_jobs_ended_total{action="Add",outcome="completed"}', 1],
    ['slipway_scheduler_jobs_ended_total{action="Pre-Upgrade",outcome="failed"}', 1],
    ['slipway_executor_leases_lost_total', 0],
    ['slipway_executor_attempts_total{start="expired"}', 0],
    ['slipway_executor_commands_total{kind="add"}', 1],
  ] as const) {
    t.equal(since(sample), expected, sample)
  }
  for (const gauge of [
    'slipway_scheduler_jobs_waiting{reason="dependency"}',
    'slipway_scheduler_jobs_running{kind="install"}',
  ]) {
    t.equal(sumOf(pages, gauge), 0, gauge)
  }
  for (const sample of [
    'slipway_scheduler_due_to_start_seconds_count',
    'slipway_executor_attempts_total{start="claimed"}',
    'slipway_executor_device_errors_total{code="',
  ]) {
    t.ok(since(sample) > 0, sample)
  }
})
