// Writing in bulk through the API, as a ratio to a bare Fastify + pg handler that does one set-based insert of the
// same rows and answers the same keys: POST /hosts with 10,000 rows, POST /install with 5,000. Aim: at least 0.4.
// Dispatch is paused: what is measured is the request, not the jobs that come of it.
import { median } from './figures.ts'
import { hostnameOf, REGION, seedHosts } from './support/seed.ts'
import { openStage, type Target, withProbe } from './support/stage.ts'

const ROUNDS = 5
const HOST_ROWS = 10_000
const JOB_ROWS = 5_000
const SEEDED = ROUNDS * JOB_ROWS + JOB_ROWS

const stage = await openStage(withProbe)
const { product, bare, sql } = stage
await seedHosts(stage, SEEDED)
await stage.slipway.api.ok('POST', '/dispatch', { scope: 'global', paused: true })
await sql.inventory.query('CREATE TABLE bare_host (LIKE host INCLUDING ALL)')
await sql.scheduler.query('CREATE TABLE bare_job (LIKE job INCLUDING ALL)')

await compare('hosts', '/hosts', HOST_ROWS, (round, n) => ({
  hostname: `new-${round}-${n}`,
  region: REGION,
  connection_type: 'ssh',
  ts_or_ip: `10.${round}.${n >> 8}.${n & 255}`,
  port_number: '22',
  username: 'operator',
  password: `secret of ${n}`,
}))
await compare('jobs', '/install', JOB_ROWS, (round, n) => ({
  hostname: hostnameOf(round * JOB_ROWS + n + 1),
  install_action: 'Pre-Upgrade',
  scheduled_time: '01-31-2040 08:00 AM',
  utc_offset: '+00:00',
}))
await stage.close()

/** Rows a second of both, medians of alternating rounds; the first round warms up and does not count. */
async function compare(
  what: string,
  path: string,
  count: number,
  rowOf: (round: number, n: number) => object,
): Promise<void> {
  const rates = { own: [] as number[], peer: [] as number[] }
  stage.blocked()
  const before = await stage.metrics()
  let drainMs = 0
  const blocked = { ownMs: 0, clockMs: 0 }
  for (let round = 0; round <= ROUNDS; round += 1) {
    const body = JSON.stringify(Array.from({ length: count }, (_, n) => rowOf(round, n)))
    const own = await post(product, path, body, count)
    const drained = performance.now()
    await outboxEmpty()
    drainMs = Math.max(drainMs, performance.now() - drained)
    const { ownMs, clockMs } = stage.blocked()
    blocked.ownMs = Math.max(blocked.ownMs, ownMs)
    blocked.clockMs = Math.max(blocked.clockMs, clockMs)
    const peer = await post(bare, path, body, count)
    if (round === 0) continue
    rates.own.push(own)
    rates.peer.push(peer)
  }
  const { residentMb } = await stage.metrics()
  const [own, peer] = [median(rates.own), median(rates.peer)]
  const cost = `event loop blocked ${blocked.ownMs} ms at most (aim < 200; ${blocked.clockMs} ms with waiting for a core), RSS ${before.residentMb} → ${residentMb} MB`
  console.log(
    `${what}, ${count} rows: ${own.toFixed(0)} rows/s, bare handler ${peer.toFixed(0)}; ratio ${(own / peer).toFixed(2)} (aim ≥ 0.4); ${cost}; told other services within ${(drainMs / 1_000).toFixed(1)} s`,
  )
}

/** Rows a second of one request. Fails unless every row succeeds. */
async function post(
  { name, url, authorization }: Target,
  path: string,
  body: string,
  rows: number,
): Promise<number> {
  const started = performance.now()
  const response = await fetch(`${url}/api/v1${path}`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    body,
  })
  const answer = await response.text()
  const elapsed = performance.now() - started
  const succeeded = answer.split('"SUCCESS"').length - 1
  if (response.status !== 200 || succeeded !== rows)
    throw new Error(`${name}: ${response.status} ${answer.slice(0, 500)}`)
  return (rows / elapsed) * 1_000
}

async function outboxEmpty(): Promise<void> {
  for (;;) {
    const { rows } = await sql.inventory.query('SELECT 1 FROM outbox LIMIT 1')
    if (rows.length === 0) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
