// Downloads beside Debian's nginx (one process, sendfile) on the same files: to the service itself, through the cluster's
// gateway, from the standalone shape. Rounds alternate, so that what else the machine does hits all; the ratio of the
// medians counts. Ours checks a token at every request; nginx knows no users. Then what 500 slow readers cost in memory.
import { randomBytes } from 'node:crypto'
import { link, mkdir, open } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { makeDataDir } from '../harness/data-dir.ts'
import { memberOf, runningMembers } from '../harness/members.ts'
import { residentMib } from '../harness/resident.ts'
import { startSlipway } from '../harness/slipway.ts'
import { median } from './figures.ts'
import { fetchLarge, fetchSmall, type Measured, type Server } from './support/downloads.ts'
import { proxyTo, serveFiles } from './support/nginx.ts'
import { tokenOf } from './support/stage.ts'

const MIB = 1_048_576
const ROUNDS = 5
const SLOW_READERS = 500
/** Each slow reader takes so much a second. */
const SLOW_BYTES = 16 * 1_024
const files = { small: 1_024, medium: 10 * MIB, large: 300 * MIB } as const
type Size = keyof typeof files
const pathOf = (size: Size) => `/download/bench/${size}.gz`
const smallNames = Array.from({ length: 8 }, (_, n) => `small-${n}`)
const smallPaths = smallNames.map((name) => `/download/bench/${name}.gz`)

const dataDir = await makeDataDir()
const inDataDir = async (name: string) => {
  const path = join(dataDir.path, name)
  await mkdir(path, { recursive: true, mode: 0o755 })
  return path
}
const clusterDir = await inDataDir('cluster')
const standaloneDir = await inDataDir('standalone')
const store = await inDataDir('cluster/download')
await makeFiles()

const cluster = await startSlipway(clusterDir, { shape: 'cluster' })
const standalone = await startSlipway(standaloneDir, { shape: 'standalone' })
const nginx = await serveFiles(await inDataDir('nginx'), store)
const buffered = await proxyTo(await inDataDir('nginx-buffered'), nginx, 'on')
const unbuffered = await proxyTo(await inDataDir('nginx-unbuffered'), nginx, 'off')

const [service] = runningMembers(cluster.child, 'distribution')
if (service === undefined) throw new Error('no distribution service')
const pidsOf = (kind: string) => runningMembers(cluster.child, kind).map(({ pid }) => pid)
const clusterAuthorization = `Bearer ${await tokenOf(cluster)}`
const peer = { authorization: '' }
const servers = {
  nginx: { ...peer, name: 'nginx', url: nginx.url, pids: [nginx.pid] },
  service: {
    name: 'Slipway, the service itself',
    url: memberOf(cluster.child, service.name).http ?? '',
    pids: [service.pid],
    authorization: clusterAuthorization,
  },
  standalone: {
    name: 'Slipway, standalone',
    url: standalone.url,
    pids: [standalone.child.process.pid ?? 0],
    authorization: `Bearer ${await tokenOf(standalone)}`,
  },
  proxied: {
    ...peer,
    name: 'nginx proxying nginx',
    url: buffered.url,
    pids: [buffered.pid, nginx.pid],
  },
  unbuffered: {
    ...peer,
    name: 'nginx proxying nginx, proxy_buffering off',
    url: unbuffered.url,
    pids: [unbuffered.pid, nginx.pid],
  },
  gateway: {
    name: "Slipway, through the cluster's gateway",
    url: cluster.url,
    pids: [...pidsOf('gateway'), ...pidsOf('distribution')],
    authorization: clusterAuthorization,
  },
} as const satisfies Record<string, Server>
type Name = keyof typeof servers
const names = Object.keys(servers) as Name[]

for (const name of names) await untilServed(servers[name])
// First: later, memory that a rush has left would hide what slow readers cost.
for (const name of ['service', 'standalone', 'gateway'] as const) await readSlowly(servers[name])
await compare('large', 'MiB/s', 'ms CPU/MiB', (server) =>
  fetchLarge(server, pathOf('large'), load('large', 3, 1)),
)
await compare('medium', 'MiB/s', 'ms CPU/MiB', (server) =>
  fetchLarge(server, pathOf('medium'), load('medium', 90, 4)),
)
await compare('small', 'requests/s', 'µs CPU/request', (server) =>
  fetchSmall(server, [pathOf('small')], { seconds: 3, atATime: 8 }),
)
console.log('Eight different files, so that no two who ask share an opening:')
await compare(
  'small',
  'requests/s',
  'µs CPU/request',
  (server) => fetchSmall(server, smallPaths, { seconds: 2, atATime: 1 }),
  ['nginx', 'service'],
)

for (const each of [unbuffered, buffered, nginx]) await each.stop()
await standalone.child.stop()
await cluster.child.stop()
await dataDir.remove()

function load(size: Size, times: number, atATime: number) {
  return { bytes: files[size], times, atATime }
}

/** The same files for all: standalone has its own store, with hard links. */
async function makeFiles(): Promise<void> {
  await mkdir(join(store, 'bench'))
  await mkdir(join(standaloneDir, 'download', 'bench'), { recursive: true })
  /** Head of a gzip file without a name. */
  const head = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3])
  const noise = randomBytes(MIB)
  const all = [...Object.entries(files), ...smallNames.map((name) => [name, files.small] as const)]
  for (const [name, bytes] of all) {
    const path = join(store, 'bench', `${name}.gz`)
    const handle = await open(path, 'w', 0o444)
    await handle.write(head)
    for (let at = head.length; at < bytes; at += noise.length) {
      await handle.write(noise, 0, Math.min(noise.length, bytes - at))
    }
    await handle.close()
    await link(path, join(standaloneDir, 'download', 'bench', `${name}.gz`))
  }
}

/** Files put there by hand are looked at first; and everything is read once. */
async function untilServed({ name, url, authorization }: Server): Promise<void> {
  const paths = (Object.keys(files) as Size[]).map((size) => [pathOf(size), files[size]] as const)
  for (const [path, bytes] of [...paths, ...smallPaths.map((each) => [each, files.small] as const)]) {
    for (let tries = 1; ; tries += 1) {
      const answer = await fetch(url + path, authorization === '' ? {} : { headers: { authorization } })
      const { byteLength } = await answer.arrayBuffer()
      if (answer.status === 200 && byteLength === bytes) break
      if (tries === 300) throw new Error(`${name} answers ${answer.status} for ${path}`)
      await pause(200)
    }
  }
}

async function compare(
  size: Size,
  unit: string,
  costUnit: string,
  shoot: (server: Server) => Promise<Measured>,
  among: readonly Name[] = names,
): Promise<void> {
  const all = new Map<Name, Measured[]>(names.map((name) => [name, []]))
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const name of among) all.get(name)?.push(await shoot(servers[name]))
  }
  const middle = (name: Name, what: keyof Measured) => median((all.get(name) ?? []).map((each) => each[what]))
  console.log(`${files[size]} bytes:`)
  for (const name of among) {
    const digits = unit === 'MiB/s' ? 2 : 0
    const cost = `${middle(name, 'cost').toFixed(digits)} ${costUnit}`
    console.log(`  ${servers[name].name}: ${middle(name, 'rate').toFixed(0)} ${unit}, ${cost}`)
  }
  const ratio = (ours: Name, theirs: Name, aim: string) => {
    if (!among.includes(ours) || !among.includes(theirs)) return
    const value = (middle(ours, 'rate') / middle(theirs, 'rate')).toFixed(2)
    console.log(`  ratio ${value}${aim}: ${servers[ours].name} to ${servers[theirs].name}`)
  }
  const isLarge = size !== 'small'
  ratio('service', 'nginx', isLarge ? ' (aim ≥ 0.7)' : ' (aim ≥ 0.12)')
  ratio('standalone', 'service', ' (aim: the same)')
  ratio('gateway', 'nginx', isLarge ? ' (aim ≥ 0.3)' : '')
  ratio('gateway', 'proxied', isLarge ? ' (aim ≥ 0.5)' : '')
  ratio('gateway', 'unbuffered', '')
}

/** Memory with many readers that each take a little a second, after some time. */
async function readSlowly(server: Server): Promise<void> {
  const before = residentMib(server.pids)
  const sockets = Array.from({ length: SLOW_READERS }, () => slowReader(server))
  let most = 0
  for (let second = 0; second < 15; second += 1) {
    await pause(1_000)
    for (const socket of sockets) socket.read(SLOW_BYTES)
    most = Math.max(most, residentMib(server.pids))
  }
  const reading = sockets.filter(({ bytesRead }) => bytesRead > SLOW_BYTES).length
  for (const socket of sockets) socket.destroy()
  console.log(
    `${SLOW_READERS} slow readers of 300 MiB, ${server.name}: RSS +${(most - before).toFixed(0)} MiB at most (from ${before.toFixed(0)}; aim ≤ 150); ${reading} of them are served`,
  )
}

function slowReader({ url, authorization }: Server): Socket {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port) })
  socket.on('error', () => undefined)
  socket.write(`GET ${pathOf('large')} HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization}\r\n\r\n`)
  // Nothing flows: what is not taken by read() stays where it is.
  socket.on('readable', () => undefined)
  return socket
}
