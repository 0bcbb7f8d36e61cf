// Watching jobs: 300 watchers on 100 running jobs. Each job's router says a line with the time twice a second and never
// asks for a login; a line is delivered when a watcher has it. What watching costs is the difference to the same jobs
// with nobody watching; the peer writes the same events from memory.
import { get } from 'node:http'
import { createServer, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { startNode } from '../harness/child.ts'
import { makeDataDir } from '../harness/data-dir.ts'
import { freePort, startSlipway } from '../harness/slipway.ts'
import { quantile } from './figures.ts'
import { readMetrics, tokenOf } from './support/stage.ts'

const JOBS = 100
const WATCHERS = 300
const SECONDS = 20
const EVERY_MS = 500
/** `booting 1795305600000`: when the router said it */
const LINE = /booting (\d{13})/g

const sockets = new Set<Socket>()
const router = createServer((socket) => {
  sockets.add(socket)
  socket.on('error', () => undefined)
  socket.on('close', () => sockets.delete(socket))
})
await new Promise<void>((resolve) => router.listen(0, '127.0.0.1', resolve))
const { port } = router.address() as { port: number }
const chatter = setInterval(() => {
  for (const socket of sockets) socket.write(`booting ${Date.now()}\r\n`)
}, EVERY_MS)

const dataDir = await makeDataDir()
const metricsPort = String(await freePort())
const slipway = await startSlipway(dataDir.path, {
  shape: 'standalone',
  env: { METRICS_PORT: metricsPort, EXECUTOR_CONCURRENCY: String(JOBS), EXECUTOR_LOGIN_TIMEOUT: '10m' },
})
const metrics = () => readMetrics(`http://127.0.0.1:${metricsPort}/metrics`)
const authorization = `Bearer ${await tokenOf(slipway)}`
const ids = await startJobs()
console.log(`${sockets.size} jobs run; ${JOBS * (1_000 / EVERY_MS)} lines a second`)

const idle = await measure(metrics)
console.log(`nobody watches: ${idle.cpuSeconds} CPU s in ${SECONDS} s, ${idle.residentMb} MB RSS`)
const watchers = watch(slipway.url, ids)
await watchers.ready(5_000)
const watched = await measure(metrics)
report('Slipway', watched, watchers.latencies)
console.log(
  `  of it for watching: ${(watched.cpuSeconds - idle.cpuSeconds).toFixed(2)} CPU s, ${watched.residentMb - idle.residentMb} MB RSS more than before`,
)
watchers.stop()

const bare = startNode(['--import=tsx', 'test/bench/support/bare-events.ts', String(EVERY_MS)])
const bareUrl = await bare.line((line) => line.startsWith('http'))
const bareMetrics = async () =>
  (await (await fetch(`${bareUrl}/cpu`)).json()) as { cpuSeconds: number; residentMb: number }
const peers = watch(bareUrl, ids)
await peers.ready(5_000)
report('bare handler', await measure(bareMetrics), peers.latencies)
peers.stop()

clearInterval(chatter)
for (const socket of sockets) socket.destroy()
await bare.stop()
await slipway.child.stop()
router.close()
await dataDir.remove()

async function startJobs(): Promise<number[]> {
  const hosts = Array.from({ length: JOBS }, (_, index) => ({
    hostname: `bench-${index}`,
    region: 'Bench',
    connection_type: 'telnet',
    ts_or_ip: '127.0.0.1',
    port_number: String(port),
    username: 'u',
    password: 'p',
  }))
  const { api } = slipway
  await api.ok('POST', '/regions', { region_name: 'Bench' })
  await api.ok('POST', '/hosts', hosts)
  const { install_job_list: jobs } = await api.ok<{ install_job_list: { id: number }[] }>(
    'POST',
    '/install',
    hosts.map(({ hostname }) => ({ hostname, install_action: 'Pre-Upgrade' })),
  )
  // Hosts are discovered first; those looks end with their connection.
  for (;;) {
    const running = await api.ok<{ install_job_list: object[] }>('GET', '/install?status=in-progress')
    if (running.install_job_list.length === JOBS && sockets.size === JOBS) return jobs.map(({ id }) => id)
    if (sockets.size === JOBS) for (const socket of sockets) socket.destroy()
    await pause(1_000)
  }
}

/** Opens the streams. @returns how long each line took to arrive, in milliseconds, as they come */
function watch(url: string, jobs: readonly number[]) {
  const latencies: number[] = []
  let open = 0
  let since = Number.POSITIVE_INFINITY
  const requests = Array.from({ length: WATCHERS }, (_, index) =>
    get(
      `${url}/api/v1/install/${jobs[index % jobs.length]}/events`,
      { headers: { authorization }, agent: false },
      (response) => {
        if (response.statusCode !== 200) throw new Error(`a stream was answered ${response.statusCode}`)
        open += 1
        response.on('error', () => undefined)
        response.on('data', (chunk: Buffer) => {
          const now = Date.now()
          for (const [, at] of chunk.toString('latin1').matchAll(LINE)) {
            if (Number(at) >= since) latencies.push(now - Number(at))
          }
        })
      },
    ).on('error', () => undefined),
  )
  const ready = async (restMs: number) => {
    while (open < WATCHERS) await pause(100)
    // What was said before is told first; only what is said from here on counts.
    await pause(restMs)
    since = Date.now()
  }
  return { latencies, ready, stop: () => requests.forEach((request) => void request.destroy()) }
}

/** What a process used in the time of a measurement. */
async function measure(read: () => Promise<{ cpuSeconds: number; residentMb: number }>) {
  const before = await read()
  await pause(SECONDS * 1_000)
  const after = await read()
  const cpuSeconds = Number((after.cpuSeconds - before.cpuSeconds).toFixed(2))
  return { cpuSeconds, residentMb: after.residentMb }
}

function report(
  name: string,
  { cpuSeconds, residentMb }: Awaited<ReturnType<typeof measure>>,
  latencies: number[],
) {
  const [p50, p99] = [quantile(latencies, 0.5), quantile(latencies, 0.99)]
  console.log(
    `${name}, ${WATCHERS} watchers: ${cpuSeconds} CPU s in ${SECONDS} s, ${residentMb} MB RSS; ${latencies.length} lines delivered, p50 ${p50} ms, p99 ${p99} ms`,
  )
}
