// Devices behind jump hosts, and how many handshakes and logins there are at once.
import { type AddressInfo, connect as connectSocket, createServer, type Socket } from 'node:net'
import { createJumpHost, createRouter, type RouterOptions, type SimulatedJumpHost } from '@slipway/router-sim'
import t, { type Test } from 'tap'
import {
  connectDevice,
  createHandshakes,
  createJumpHosts,
  type DeviceTarget,
  type JumpHostsOptions,
  reconnectDevice,
} from '../src/index.ts'
import { acceptPassword, commandLoop, sshDevice, telnetDevice } from './support/scripted-device.ts'

const PASSWORD = 'device-Secret:1'
const JUMP_PASSWORD = 'jump-Secret@2'

async function startJumpHost(t: Test, allows = (_address: string, _port: number) => true) {
  const server = createJumpHost({ user: 'ops', password: JUMP_PASSWORD, allows })
  const { address, port } = await server.start()
  t.teardown(server.stop)
  return { server, jumpHost: { address, port, username: 'ops', password: JUMP_PASSWORD } }
}

function jumpHostsOf(t: Test, options: JumpHostsOptions = {}) {
  const jumpHosts = createJumpHosts(options)
  t.teardown(() => jumpHosts.close())
  return jumpHosts
}

async function startRouter(
  t: Test,
  options: Pick<RouterOptions, 'family' | 'protocol'>,
): Promise<DeviceTarget> {
  const router = createRouter({ name: 'r', user: 'lab', password: PASSWORD, ...options })
  t.teardown(() => router.stop())
  const { address, port } = await router.start()
  const { protocol } = options
  return { protocol, addresses: [address], ports: [port], username: 'lab', password: PASSWORD }
}

/** Resolves when the jump host has so many of something. */
async function untilCount(
  server: SimulatedJumpHost,
  what: 'connections' | 'channels',
  number: number,
): Promise<void> {
  while (server.counts()[what] !== number) await new Promise((resolve) => setImmediate(resolve))
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

t.test(
  'devices of both protocols are reached through one connection, which ends when nobody needs it',
  async (t) => {
    const { server, jumpHost } = await startJumpHost(t)
    const jumpHosts = jumpHostsOf(t, { idleMs: 20 })
    const targets = [
      await startRouter(t, { family: 'asr9k', protocol: 'telnet' }),
      await startRouter(t, { family: 'ncs5500', protocol: 'ssh' }),
    ]
    const status: string[] = []
    const log: Buffer[] = []
    const sessions = await Promise.all(
      targets.map((target) =>
        connectDevice(target, {
          path: jumpHosts.path(jumpHost),
          status: (text) => status.push(text),
          log: (bytes) => log.push(bytes),
        }),
      ),
    )
    t.match(await sessions[0]?.discover(), { family: 'ASR9K' })
    t.match(await sessions[1]?.discover(), { family: 'NCS5500' })
    const via = `ssh://ops@127.0.0.1:${jumpHost.port}`
    t.ok(
      status.includes(`Connection chain 1/1: ${via} -> telnet://lab@127.0.0.1:${targets[0]?.ports[0]}`),
      status.join('\n'),
    )
    t.same(jumpHosts.state(), [{ jumpHost: via, connected: true, channels: 2, logins: 0 }])
    t.match(server.counts(), { logins: 1, connections: 1, channels: 2, forwarded: 2 })
    const [first, second] = sessions
    await first?.run(`show ${JUMP_PASSWORD}`)
    t.notMatch(Buffer.concat(log).toString(), JUMP_PASSWORD)
    t.notMatch(status.join(), /Secret/)
    await first?.close()
    await untilCount(server, 'channels', 1)
    t.equal((await second?.run('show clock'))?.failed, false, 'the other one stays')
    await second?.close()
    await untilCount(server, 'connections', 0)
    t.same(jumpHosts.state(), [])

    const again = await connectDevice(targets[0] as DeviceTarget, { path: jumpHosts.path(jumpHost) })
    t.equal((await again.run('show clock')).failed, false)
    await again.close()
    t.equal(server.counts().logins, 2, 'a new connection when somebody needs it again')
  },
)

t.test('many devices share it, a few logins at a time', async (t) => {
  const { server, jumpHost } = await startJumpHost(t)
  const jumpHosts = jumpHostsOf(t, { logins: 2 })
  const target = await startRouter(t, { family: 'asr9k', protocol: 'telnet' })
  let most = 0
  const status: string[] = []
  const sessions = []
  const attempts = Array.from({ length: 5 }, () =>
    connectDevice(target, {
      path: jumpHosts.path(jumpHost),
      status(text) {
        status.push(text)
        const connecting = status.filter((each) => each.startsWith('Connecting ')).length
        const connected = status.filter((each) => each.startsWith('Connected ')).length
        most = Math.max(most, connecting - connected)
      },
    }),
  )
  t.equal(jumpHosts.state()[0]?.logins, 5)
  for (const attempt of attempts) sessions.push(await attempt)
  t.equal(most, 2)
  t.ok(
    status.some((text) => text === `Waiting for a free login through ssh://ops@127.0.0.1:${jumpHost.port}`),
  )
  t.match(server.counts(), { logins: 1, forwarded: 5, channels: 5 })
  await Promise.all(sessions.map((session) => session.close()))
})

t.test('who waits for a login can be told to stop', async (t) => {
  const { jumpHost } = await startJumpHost(t)
  const jumpHosts = jumpHostsOf(t, { logins: 1 })
  const mute = await telnetDevice(async (end) => void (await end.readLine()), [])
  t.teardown(() => mute.close())
  const target: DeviceTarget = { protocol: 'telnet', addresses: ['127.0.0.1'], ports: [mute.port] }
  const path = jumpHosts.path(jumpHost)
  const first = new AbortController()
  const second = new AbortController()
  const attempts = [
    connectDevice(target, { path, signal: first.signal }),
    connectDevice(target, { path, signal: second.signal }),
  ].map((attempt) => t.rejects(attempt, { code: 'DEVICE_ABORTED' }))
  second.abort()
  await attempts[1]
  first.abort()
  await attempts[0]
  t.notOk(jumpHosts.state().some(({ logins }) => logins > 0))
})

t.test('trouble tells which hop it is at', async (t) => {
  const allowed = new Set<number>()
  const { server, jumpHost } = await startJumpHost(t, (_address, port) => allowed.has(port))
  const jumpHosts = jumpHostsOf(t)
  const target = await startRouter(t, { family: 'asr9k', protocol: 'ssh' })
  const [port = 0] = target.ports
  const failure = (through = jumpHost, to = target, more = {}) =>
    connectDevice(to, { path: jumpHosts.path(through), ...more }).catch((error: unknown) => error)
  const name = `ssh://ops@127.0.0.1:${jumpHost.port}`

  t.match(await failure(), {
    code: 'JUMP_HOST_FORWARDING_REFUSED',
    message: `The jump host ${name} does not forward to 127.0.0.1 port ${port}: open failed`,
    address: '127.0.0.1',
    port: jumpHost.port,
  })
  const closed = await freePort()
  allowed.add(closed).add(port)
  t.match(await failure(jumpHost, { ...target, ports: [closed] }), {
    code: 'DEVICE_CONNECTION_REFUSED',
    message: `Connection refused by 127.0.0.1 port ${closed} through ${name}`,
    port: closed,
  })
  t.match(await failure(jumpHost, { ...target, password: 'wrong' }), { code: 'DEVICE_AUTH_FAILED' })

  const wrong = { ...jumpHost, password: 'wrong-Secret' }
  const refused = await failure(wrong)
  t.match(refused, {
    code: 'JUMP_HOST_AUTH_FAILED',
    message: `The jump host ${name} does not accept user name and password`,
    attempts: [{ code: 'JUMP_HOST_AUTH_FAILED' }],
  })
  t.notMatch(JSON.stringify(refused) + String((refused as Error).stack), /Secret/)
  await Promise.all(
    Array.from({ length: 5 }, async () => t.match(await failure(wrong), { code: 'JUMP_HOST_AUTH_FAILED' })),
  )
  t.equal(server.counts().refusedLogins, 1, 'a refused password is not tried again at once')

  await server.stop()
  t.match(await failure(jumpHost, { ...target, addresses: ['127.0.0.1', '127.0.0.3'] }), {
    code: 'JUMP_HOST_UNREACHABLE',
    message: `The jump host ${name} cannot be reached: Connection refused by 127.0.0.1 port ${jumpHost.port}`,
    attempts: { length: 1 },
  })
  const silent = createServer((socket: Socket) => void socket.on('error', () => {}))
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  t.teardown(() => silent.close())
  const slow = { ...jumpHost, port: (silent.address() as AddressInfo).port }
  t.match(await failure(slow, target, { connectTimeoutMs: 50 }), {
    code: 'JUMP_HOST_UNREACHABLE',
    message: /no connection within 0.05 s/,
  })
})

t.test('a connection that breaks ends the sessions in it and is made anew', async (t) => {
  const { server, jumpHost } = await startJumpHost(t)
  const jumpHosts = jumpHostsOf(t)
  for (const protocol of ['telnet', 'ssh'] as const) {
    const target = await startRouter(t, { family: 'asr9k', protocol })
    const path = jumpHosts.path(jumpHost)
    const session = await connectDevice(target, { path })
    const asked = session.run('admin reload location all', { until: /\[confirm/ })
    await asked
    server.cut()
    await t.rejects(
      session.resume(),
      {
        code: 'DEVICE_DISCONNECTED',
        message: `The connection to the jump host ssh://ops@127.0.0.1:${jumpHost.port} was lost`,
      },
      protocol,
    )
    await session.closed
    const again = await reconnectDevice(target, { path, withinMs: 20_000 })
    t.equal((await again.run('show clock')).failed, false)
    await again.close()
  }
  t.equal(server.counts().connections, 1)
})

t.test('the way back is looked for while the jump host restarts', async (t) => {
  const { server, jumpHost } = await startJumpHost(t)
  const jumpHosts = jumpHostsOf(t)
  const target = await startRouter(t, { family: 'asr9k', protocol: 'telnet' })
  await server.stop()
  const session = await reconnectDevice(target, {
    path: jumpHosts.path(jumpHost),
    withinMs: 20_000,
    retryDelayMs: 10,
    status(text) {
      if (text.startsWith('Connection error: The jump host')) void server.start()
    },
  })
  t.equal((await session.run('show clock')).failed, false)
  await session.close()
})

t.test('nothing is left after closing', async (t) => {
  const { server, jumpHost } = await startJumpHost(t)
  const jumpHosts = createJumpHosts()
  const target = await startRouter(t, { family: 'asr9k', protocol: 'telnet' })
  const path = jumpHosts.path(jumpHost)
  const session = await connectDevice(target, { path })
  jumpHosts.close()
  await session.closed
  await untilCount(server, 'connections', 0)
  await t.rejects(connectDevice(target, { path }), { code: 'DEVICE_ABORTED' })
  t.equal(server.counts().connections, 0)
})

/** An SSH device that counts connections whose key exchange has begun and not ended, as seen on the wire. */
async function countedDevice(t: Test, algorithms = {}) {
  const prompt = 'RP/0/RSP0/CPU0:pe1#'
  const version = 'Cisco IOS XR Software, Version 6.1.4\r\n\r\ncisco ASR9K Series (Intel) processor'
  const device = await sshDevice({
    script: commandLoop(prompt, { 'show version brief': version }),
    authenticate: acceptPassword('lab', PASSWORD),
    algorithms,
  })
  t.teardown(() => device.close())
  const counts = { now: 0, most: 0 }
  const front = createServer((near) => {
    const far = connectSocket({ port: device.port, host: '127.0.0.1', noDelay: true })
    let begun = false
    const end = () => {
      if (begun) counts.now -= 1
      begun = false
    }
    near.on('error', () => far.destroy()).on('close', () => far.destroy())
    far.on('error', () => near.destroy()).on('close', () => near.destroy())
    near.on('close', end)
    near.on('data', (bytes) => {
      // The client's identification opens its handshake.
      if (bytes.toString('latin1').startsWith('SSH-2.0')) {
        begun = true
        counts.now += 1
        counts.most = Math.max(counts.most, counts.now)
      }
      // NEWKEYS (21) in a packet of its own ends it.
      else if (bytes.includes(Buffer.from([0, 0, 0, 12, 10, 21]))) end()
      far.write(bytes)
    })
    far.pipe(near)
  })
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve))
  t.teardown(() => front.close())
  const { port } = front.address() as AddressInfo
  const target: DeviceTarget = {
    protocol: 'ssh',
    addresses: ['127.0.0.1'],
    ports: [port],
    username: 'lab',
    password: PASSWORD,
  }
  return { counts, target }
}

t.test('SSH handshakes under way are limited', async (t) => {
  const { counts, target } = await countedDevice(t)
  const handshakes = createHandshakes({ most: 3 })
  const sessions = await Promise.all(Array.from({ length: 9 }, () => connectDevice(target, { handshakes })))
  t.ok(counts.most >= 1 && counts.most <= 3, `${counts.most} at once`)
  await Promise.all(sessions.map((session) => session.close()))
})

t.test('those with old algorithms come one at a time', async (t) => {
  const { target } = await countedDevice(t, { kex: ['diffie-hellman-group1-sha1'] })
  const handshakes = createHandshakes()
  let inside = 0
  let most = 0
  let old = 0
  const counted = {
    async enter(legacy: boolean, signal?: AbortSignal) {
      const leave = await handshakes.enter(legacy, signal)
      if (!legacy) return leave
      let here = true
      old += 1
      inside += 1
      most = Math.max(most, inside)
      return () => {
        if (here) inside -= 1
        here = false
        leave()
      }
    },
  }
  const attempts = Array.from({ length: 3 }, () => connectDevice(target, { handshakes: counted }))
  const sessions = await Promise.all(attempts)
  t.same({ old, most, inside }, { old: 3, most: 1, inside: 0 })
  await Promise.all(sessions.map((session) => session.close()))
})

t.test('a peer that stalls gives its place up', async (t) => {
  const handshakes = createHandshakes({ most: 1, holdMs: 20 })
  const leave = await handshakes.enter(false)
  const next = await handshakes.enter(false)
  leave()
  const waiting = new AbortController()
  const third = t.rejects(handshakes.enter(true, waiting.signal), { code: 'DEVICE_ABORTED' })
  waiting.abort()
  await third
  next()
  const free = await handshakes.enter(true)
  free()
})
