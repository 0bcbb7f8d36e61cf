// What operators have: metrics whose names stand in the documentation, and logs in which one id leads from a request
// over HTTP to the command on the router.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { repositoryRoot } from '../harness/child.ts'
import { makeDataDir } from '../harness/data-dir.ts'
import { fillInventory, packagesFor } from '../harness/fleet.ts'
import { startLab } from '../harness/lab.ts'
import { startSlipway } from '../harness/slipway.ts'

/** A metric of ours in documentation or in a scrape's `# TYPE` line. */
const DOCUMENTED = /^\| `(slipway_[a-z_]+)`/gm
const SERVED = /^# TYPE (slipway_[a-z_]+) /gm

type Line = Record<string, unknown>

const dataDir = await makeDataDir()
const lab = await startLab()
const slipway = await startSlipway(dataDir.path, { env: { LOG_LEVEL: 'info' } })
const { api, child } = slipway
t.teardown(async () => {
  await child.stop()
  await lab.stop()
  await dataDir.remove()
})

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
const scrape = async () => (await fetch(`${slipway.url}/metrics`)).text()

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
  await found({ service: 'gateway', msg: 'request', method: 'POST', path: '/api/v1/install', status: 200 })
  await found({ service: 'scheduler', msg: 'jobs were created', user: 'root', jobs: 1 })
  await found({ service: 'scheduler', msg: 'a job is handed out', jobId })
  await found({ service: 'executor', msg: 'a run begins', ...run })
  const command = await found({ service: 'executor', msg: 'command', ...run })
  await found({ service: 'executor', msg: 'a run ends', ending: 'completed', ...run })
  await found({ service: 'scheduler', msg: 'a job ended', jobId, outcome: 'completed' })
  t.match(command['command'], /^install add source /)
  const sent = (await lab.mutations(router.name)).map((mutation) => mutation.kind)
  t.same(sent, ['add'])
  const commands = child.lines.filter(told({ msg: 'command' }))
  t.equal(commands.length, 1, 'a line for the one command that changes the router')
  for (const password of lab.passwords) t.notOk(commands.join().includes(password), 'without a password')
})

t.test('every metric stands in docs/metrics.md', async (t) => {
  const documented = names(readFileSync(join(repositoryRoot, 'docs/metrics.md'), 'utf8'), DOCUMENTED)
  const served = names(await scrape(), SERVED)
  t.ok(served.includes('slipway_gateway_request_seconds'))
  t.same(
    served.filter((name) => !documented.includes(name)),
    [],
    'nothing is served that is not documented',
  )
  // A process with all services in it serves all that is documented.
  if (served.includes('slipway_scheduler_jobs_waiting')) t.same(served, documented)
})

t.test('a scrape tells what was done, and no name of a host', async (t) => {
  const text = await scrape()
  t.notMatch(text, router.name)
  t.notMatch(text, `${router.address}:`)
  // One of several processes tells of its own part only.
  if (!text.includes('slipway_scheduler_jobs_waiting')) return
  const created = 'subject="slipway.rpc.scheduler.v1.job.create",outcome="ok"'
  for (const sample of [
    'slipway_gateway_request_seconds_count{route="/api/v1/install",method="POST",status="2xx"} 1',
    `slipway_bus_request_seconds_count{${created}} 1`,
    'slipway_scheduler_jobs_ended_total{action="Add",outcome="completed"} 1',
    'slipway_scheduler_jobs_waiting{reason="executor"} 0',
    'slipway_executor_commands_total{kind="add"} 1',
    'slipway_bus_connected{service="executor"} 1',
  ]) {
    t.ok(text.includes(`\n${sample}\n`), sample)
  }
})
