import { Type } from '@sinclair/typebox'
import { createInProcessBus } from '@slipway/bus'
import { createError, defineRpc } from '@slipway/contracts'
import t from 'tap'
import {
  busMetrics,
  counter,
  createLogger,
  createRegistry,
  gauge,
  histogram,
  liveGauge,
  type Metrics,
  scrapedGauges,
  startMetricsServer,
  watchDeliveries,
} from '../src/index.ts'

const log = createLogger({ service: 'test', level: 'silent' })

/** Samples as a scraper reads them, without comments. */
const scrape = async (metrics: Metrics) =>
  (await metrics.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'))

t.test('the same metric made twice is one', async (t) => {
  const metrics = createRegistry()
  for (let time = 0; time < 2; time += 1) {
    counter(metrics, { name: 'slipway_test_runs_total', help: 'x', labels: ['kind'] }).inc({ kind: 'a' })
    gauge(metrics, { name: 'slipway_test_depth', help: 'x' }).inc()
    histogram(metrics, { name: 'slipway_test_wait_seconds', help: 'x', buckets: [1] }).observe(0.5)
    liveGauge(metrics, { name: 'slipway_test_live', help: 'x' }, () => time)
  }
  t.same(await scrape(metrics), [
    'slipway_test_runs_total{kind="a"} 2',
    'slipway_test_depth 2',
    'slipway_test_wait_seconds_bucket{le="1"} 2',
    'slipway_test_wait_seconds_bucket{le="+Inf"} 2',
    'slipway_test_wait_seconds_sum 1',
    'slipway_test_wait_seconds_count 2',
    'slipway_test_live 1',
  ])
})

t.test(
  'gauges of a group share one reading, for as long as it serves, and none without a scrape',
  async (t) => {
    const metrics = createRegistry()
    let readings = 0
    scrapedGauges(metrics, {
      read: async () => ++readings,
      cacheMs: 60_000,
      gauges: [
        { name: 'slipway_test_one', help: 'x', set: (value, put) => put(value) },
        {
          name: 'slipway_test_two',
          help: 'x',
          labels: ['reason'],
          set: (value, put) => put(value, { reason: 'why' }),
        },
      ],
    })
    t.equal(readings, 0)
    const once = ['slipway_test_one 1', 'slipway_test_two{reason="why"} 1']
    t.same(await scrape(metrics), once)
    t.same(await scrape(metrics), once)
    t.equal(readings, 1)
  },
)

t.test('a reading that fails or hangs leaves its gauges without a value and fails no scrape', async (t) => {
  const metrics = createRegistry()
  const set = (value: number, put: (value: number, labels?: Record<string, string>) => void) => put(value)
  const labels = ['reason']
  let fails = false
  scrapedGauges<number>(metrics, {
    read: async () => {
      if (fails) throw new Error('the database is away')
      return 1
    },
    cacheMs: 0,
    gauges: [
      { name: 'slipway_test_plain', help: 'x', set },
      { name: 'slipway_test_labelled', help: 'x', labels, set: (value, put) => put(value, { reason: 'a' }) },
    ],
  })
  let asked = 0
  scrapedGauges<number>(metrics, {
    read: () => {
      asked += 1
      return new Promise(() => undefined)
    },
    cacheMs: 0,
    timeoutMs: 1,
    gauges: [{ name: 'slipway_test_hanging', help: 'x', set }],
  })
  t.same(await scrape(metrics), [
    'slipway_test_plain 1',
    'slipway_test_labelled{reason="a"} 1',
    'slipway_test_hanging Nan',
  ])
  fails = true
  t.same(await scrape(metrics), ['slipway_test_plain Nan', 'slipway_test_hanging Nan'])
  t.equal(asked, 1, 'what hangs is not asked again')
})

t.test('deliveries are counted as they are sent', async (t) => {
  const metrics = createRegistry()
  const stats = { waiting: 3, failing: 1, oldestSeconds: 12.5 }
  const send = watchDeliveries(
    metrics,
    'scheduler',
    async () => stats,
  )<string>(async (delivery) => {
    if (delivery === 'bad') throw new Error('not recorded')
  })
  await send('good')
  await t.rejects(send('bad'), { message: 'not recorded' })
  t.same(await scrape(metrics), [
    'slipway_scheduler_deliveries_waiting 3',
    'slipway_scheduler_deliveries_failing 1',
    'slipway_scheduler_deliveries_oldest_seconds 12.5',
    'slipway_scheduler_delivery_attempts_total{outcome="recorded"} 1',
    'slipway_scheduler_delivery_attempts_total{outcome="failed"} 1',
  ])
})

t.test('questions on the bus are measured by subject and outcome', async (t) => {
  const rpc = defineRpc('inventory', 'probe.ask', {
    request: Type.String(),
    reply: Type.String(),
    permission: 'internal',
  })
  const metrics = createRegistry()
  const hub = createInProcessBus({ log, observer: busMetrics(metrics) })
  t.teardown(() => hub.close(0))
  const bus = await hub.connect('inventory')
  const during: string[][] = []
  const registration = bus.serve(rpc, async (question) => {
    during.push(await scrape(metrics))
    if (question === 'bug') throw new TypeError('a bug')
    if (question === 'busy') throw createError('SCHEDULER_HOST_BUSY')
    return question
  })
  await bus.request(rpc, 'fine')
  await t.rejects(bus.request(rpc, 'bug'), { code: 'INTERNAL_UNEXPECTED' })
  await t.rejects(bus.request(rpc, 'busy'), { code: 'SCHEDULER_HOST_BUSY' })
  await registration.drain()
  await t.rejects(bus.request(rpc, 'late'), { code: 'BUS_NO_RESPONDER' })
  for (const side of ['asked', 'served']) {
    t.ok(during[0]?.includes(`slipway_bus_requests_in_flight{side="${side}"} 1`), side)
  }
  const counted = (await scrape(metrics)).filter((line) => /_count|in_flight|connected/.test(line))
  const seconds = `slipway_bus_request_seconds_count{subject="${rpc.subject}"`
  t.same(counted, [
    `${seconds},outcome="ok"} 1`,
    `${seconds},outcome="INTERNAL_UNEXPECTED"} 1`,
    `${seconds},outcome="SCHEDULER_HOST_BUSY"} 1`,
    `${seconds},outcome="BUS_NO_RESPONDER"} 1`,
    'slipway_bus_requests_in_flight{side="asked"} 0',
    'slipway_bus_requests_in_flight{side="served"} 0',
    'slipway_bus_connected{service="inventory"} 1',
  ])
  await hub.close(0)
  t.ok((await scrape(metrics)).includes('slipway_bus_connected{service="inventory"} 0'))
})

t.test('a listener for scrapers serves metrics and nothing else, and only where a port is set', async (t) => {
  const metrics = createRegistry()
  gauge(metrics, { name: 'slipway_test_depth', help: 'x' }).set(7)
  const metricsHost = '127.0.0.1'
  t.equal(await startMetricsServer({ log, metrics, metricsHost }), undefined)
  const server = await startMetricsServer({ log, metrics, metricsHost, metricsPort: 0 })
  if (server === undefined) throw new Error('no listener')
  t.teardown(() => server.close())
  const answer = await fetch(`${server.address}/metrics`)
  t.match(await answer.text(), /^slipway_test_depth 7$/m)
  t.match(answer.headers.get('content-type'), /^text\/plain; version=0\.0\.4/)
  for (const path of ['/', '/healthz', '/api/v1/hosts']) {
    t.equal((await fetch(server.address + path)).status, 404, path)
  }
})
