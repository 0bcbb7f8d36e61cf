// What operators see of runs: metrics, and every line of a run under the id of the request that wanted it.
import { until } from '@slipway/test-kit'
import t from 'tap'
import { type Bench, bench, DEVICE_PASSWORD } from './harness.ts'

/** All samples of a metric, by their labels joined. */
async function samples({ metrics }: Bench, name: string): Promise<Record<string, number>> {
  const metric = await metrics.getSingleMetric(name)?.get()
  return Object.fromEntries(
    (metric?.values ?? []).map(({ labels, value }) => [Object.values(labels).join(' '), value]),
  )
}

t.test('a run is logged under the request that wanted it, down to each command', async (t) => {
  const b = await bench(t)
  await b.start()
  const host = await b.lab.add('ncs5500', { protocol: 'ssh' })
  const requestId = 'd2f1c7de-0001-4000-8000-000000000001'
  const added = await b.run(host, 'Add', {
    softwarePackages: ['ncs5500-mgbl-3.0.0.0-r622.x86_64.rpm'],
    requestId,
  })
  t.equal(added.outcome, 'completed', added.statusMessage)
  const lines = b.logged.filter((line) => line['requestId'] === requestId && line['jobId'] !== undefined)
  for (const line of lines) t.match(line, { jobId: added.jobId, attempt: 1, hostname: host.router.name })
  t.match(lines[0], { msg: 'a run begins', action: 'Add' })
  t.match(lines.at(-1), { msg: 'a run ends', ending: 'completed' })
  const commands = lines.filter(({ msg }) => msg === 'command')
  t.ok(commands.some(({ level, command }) => level === 'debug' && command === 'show version'))
  const changes = commands.filter(({ level }) => level === 'info')
  t.equal(changes.length, 1, 'one command may have changed the router')
  t.match(changes[0], { command: /^install add/, outcome: 'ok' })
  t.notMatch(JSON.stringify(b.logged), DEVICE_PASSWORD)
  const resolved = b.logged.find(({ subject }) => String(subject).includes('execution.resolve'))
  t.match(resolved, { requestId, outcome: 'ok' }, 'the inventory was asked under the same id')

  const sent = await samples(b, 'slipway_executor_commands_total')
  t.equal(sent['add'], 1)
  t.equal(sent['read'], commands.length - 1)
  t.ok(Number((await samples(b, 'slipway_executor_session_log_bytes_total'))['']) > 1_000)
  t.match(await samples(b, 'slipway_executor_attempts_total'), { claimed: 1 })
  t.match(await samples(b, 'slipway_executor_runs_ended_total'), { completed: 1 })
  t.match(await samples(b, 'slipway_executor_runs_running'), { '': 0 })
  t.match(await samples(b, 'slipway_executor_slots_free'), { '': 50 })
})

t.test('trouble with a router is counted by its code', async (t) => {
  const b = await bench(t)
  await b.start()
  const host = await b.lab.add('asr9k')
  await host.router.stop()
  t.equal((await b.run(host, 'Pre-Upgrade')).outcome, 'failed')
  t.same(await samples(b, 'slipway_executor_device_errors_total'), { DEVICE_CONNECTION_REFUSED: 1 })
  t.match(await samples(b, 'slipway_executor_runs_ended_total'), { failed: 1 })
})

t.test('a run that was left behind is counted by how it came here', async (t) => {
  const b = await bench(t)
  const times = {
    EXECUTOR_SOLE: 'false',
    EXECUTOR_LEASE: '1s',
    EXECUTOR_LEASE_RENEWAL: '300ms',
    EXECUTOR_LEASE_MARGIN: '100ms',
    EXECUTOR_TAKE_OVER_GRACE: '100ms',
  }
  const host = await b.lab.add('asr9k', { protocol: 'telnet' })
  const mortal = await b.startMortal(host, times)
  const job = b.offer(host, 'Pre-Upgrade')
  await until(() => b.logged.some(({ msg }) => msg === 'command'), { message: 'a command was sent' })
  await mortal.kill()
  await b.start(times)
  t.equal((await b.result(job.jobId)).outcome, 'completed')
  t.match(await samples(b, 'slipway_executor_attempts_total'), { claimed: 1, expired: 1 })
})
