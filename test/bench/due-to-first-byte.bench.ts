// From the time a job is due to the first contact of its router. Jobs on many hosts are scheduled for the next full
// minute; each host is a TCP listener that notes when somebody connects. Aim: p99 < 1 s.
import { createServer, type Server } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { makeDataDir } from '../harness/data-dir.ts'
import { startSlipway } from '../harness/slipway.ts'
import { quantile } from './figures.ts'

const HOSTS = Number(process.argv[2] ?? 40)
const dataDir = await makeDataDir()
const contacts = new Map<number, number[]>()
const listeners: Server[] = []

for (let host = 0; host < HOSTS; host++) {
  const times: number[] = []
  // Speaks Telnet's first words and hangs up when asked: contact is all that is measured.
  const server = createServer((socket) => {
    times.push(Date.now())
    socket.on('error', () => undefined)
    socket.end('\r\n% Authentication failed\r\n')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  contacts.set(host, times)
  listeners.push(server)
}

const slipway = await startSlipway(dataDir.path)
const { api } = slipway
await api.ok('POST', '/regions', { region_name: 'Bench' })
await api.ok(
  'POST',
  '/hosts',
  listeners.map((server, host) => {
    const address = server.address()
    const port = address !== null && typeof address === 'object' ? address.port : 0
    const row = {
      hostname: `bench-${host}`,
      region: 'Bench',
      connection_type: 'telnet',
      ts_or_ip: '127.0.0.1',
    }
    return { ...row, port_number: String(port), username: 'u', password: 'p' }
  }),
)
// Creating a host has it discovered at once: wait until all of that is over.
while ([...contacts.values()].some((times) => times.length === 0)) await pause(100)
await pause(3_000)
for (const times of contacts.values()) times.length = 0

const due = Math.ceil((Date.now() + 8_000) / 60_000) * 60_000
await api.ok(
  'POST',
  '/install',
  listeners.map((_, host) => ({
    hostname: `bench-${host}`,
    install_action: 'Pre-Upgrade',
    scheduled_time: guideTime(new Date(due)),
    utc_offset: '+00:00',
  })),
)
console.log(`${HOSTS} jobs due at ${new Date(due).toISOString()}`)
while ([...contacts.values()].some((times) => times.length === 0)) await pause(100)
const delays = [...contacts.values()].map((times) => (times[0] ?? 0) - due)
const [p50, p99] = [quantile(delays, 0.5), quantile(delays, 0.99)]
console.log(
  `due → first contact: p50 ${p50} ms, p99 ${p99} ms, earliest ${Math.min(...delays)} ms (aim p99 < 1000 ms)`,
)

await slipway.child.stop()
for (const server of listeners) server.close()
await dataDir.remove()

/** `mm-dd-yyyy hh:mm AM|PM` in UTC. */
function guideTime(at: Date): string {
  const two = (value: number) => String(value).padStart(2, '0')
  const hour = at.getUTCHours()
  const date = `${two(at.getUTCMonth() + 1)}-${two(at.getUTCDate())}-${at.getUTCFullYear()}`
  return `${date} ${two(hour % 12 === 0 ? 12 : hour % 12)}:${two(at.getUTCMinutes())} ${hour < 12 ? 'AM' : 'PM'}`
}
