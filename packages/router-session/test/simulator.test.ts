// The whole package against simulated routers: both systems over both protocols.
import { createRouter, NASTY_BANNER, type RouterOptions, type SimulatedRouter } from '@slipway/router-sim'
import t, { type Test } from 'tap'
import {
  connectDevice,
  type DeviceSession,
  type DeviceTarget,
  type InstallLists,
  judgeNodes,
  parseExrPackages,
  parseInstallRequest,
  parseInventory,
  parsePlatform,
  parseXrPackages,
  type RunCommand,
  reconnectDevice,
  samePackage,
} from '../src/index.ts'

const PASSWORD = 'sim-Secret:@1'

async function start(t: Test, options: Omit<RouterOptions, 'name' | 'user' | 'password'>) {
  const router = createRouter({ name: 'sim', user: 'lab', password: PASSWORD, ...options })
  t.teardown(() => router.stop())
  const { address, port } = await router.start()
  const to: DeviceTarget = {
    protocol: options.protocol,
    addresses: [address],
    ports: [port],
    username: 'lab',
    password: PASSWORD,
  }
  return { router, to }
}

async function connect(t: Test, to: DeviceTarget, log?: Buffer[]): Promise<DeviceSession> {
  const session = await connectDevice(to, log === undefined ? {} : { log: (bytes) => log.push(bytes) })
  t.teardown(() => session.close())
  return session
}

const lists = async (run: RunCommand, prefix: string, suffix: string): Promise<InstallLists> => {
  const read = async (which: string) => (await run(`${prefix}show install ${which}${suffix}`)).output
  return {
    active: await read('active'),
    inactive: await read('inactive'),
    committed: await read('committed'),
  }
}

const packagesOf = async (session: DeviceSession) =>
  session.platform.name === 'iosxr'
    ? parseXrPackages(await lists(session.run, 'admin ', ' summary'))
    : parseExrPackages(
        await lists(session.run, '', ''),
        await session.inAdminPlane((run) => lists(run, '', '')),
      )

const kinds = [
  {
    family: 'asr9k',
    protocol: 'telnet',
    facts: { osType: 'XR', family: 'ASR9K', softwarePlatform: 'ASR9K' },
  },
  { family: 'asr9k', protocol: 'ssh', facts: { osType: 'XR', family: 'ASR9K', softwarePlatform: 'ASR9K' } },
  {
    family: 'ncs5500',
    protocol: 'telnet',
    facts: { osType: 'eXR', family: 'NCS5500', softwarePlatform: 'NCS5500' },
  },
  {
    family: 'ncs5500',
    protocol: 'ssh',
    facts: { osType: 'eXR', family: 'NCS5500', softwarePlatform: 'NCS5500' },
  },
  {
    family: 'asr9k-x64',
    protocol: 'ssh',
    facts: { osType: 'eXR', family: 'ASR9K', softwarePlatform: 'ASR9K-X64' },
  },
] as const

for (const { family, protocol, facts } of kinds) {
  t.test(`${family} over ${protocol} is understood`, async (t) => {
    const { router, to } = await start(t, {
      family,
      protocol,
      hostname: 'edge-1',
      adminLogin: true,
      banner: NASTY_BANNER,
    })
    const log: Buffer[] = []
    const session = await connect(t, to, log)
    t.match(await session.discover(), {
      ...facts,
      hostname: 'edge-1',
      version: router.state().release,
      console: false,
    })

    const names = (await packagesOf(session))
      .filter(({ state }) => state === 'active-committed')
      .map(({ name }) => name)
    for (const name of router.state().active)
      t.ok(
        names.some((known) => samePackage(known, name)),
        `${name} is active and committed`,
      )

    const prefix = facts.osType === 'XR' ? 'admin ' : ''
    const nodes = parsePlatform((await session.run(`${prefix}show platform`)).output)
    t.match(judgeNodes(nodes, facts.osType), { ok: true, running: true, bad: [] })
    const inventory = parseInventory((await session.run(`${prefix}show inventory`)).output)
    t.ok(
      inventory.length > 1 && inventory.every(({ modelName }) => modelName !== ''),
      'the inventory is read',
    )
    const request = await session.run(`${prefix}show install request`)
    t.match(parseInstallRequest(request.output), { idle: true })
    t.match(await session.run('show nonsense'), { failed: true })
    t.same(router.mutations, [], 'looking changes nothing')
    await session.close()
    t.notMatch(Buffer.concat(log).toString(), new RegExp(PASSWORD))
  })
}

const reloadCommand = (router: SimulatedRouter) =>
  router.options.family === 'asr9k' ? 'admin reload location all' : 'admin hw-module location all reload'

t.test(
  'a question is interrupted when nobody answers, and a router comes back after its reload',
  async (t) => {
    const { router, to } = await start(t, { family: 'asr9k', protocol: 'telnet' })
    const session = await connect(t, to)
    const asked = await session.run(reloadCommand(router))
    t.equal(asked.failed, true, asked.matched ?? 'no failure was matched')
    t.equal(router.state().reloads, 0)
    router.powerCycle()
    await session.closed
    const again = await reconnectDevice(to, { withinMs: 30_000 })
    t.teardown(() => again.close())
    t.match((await again.discover()).version, router.state().release)
    t.equal(router.state().reloads, 1)
  },
)

t.test('a wrong password is refused by both protocols', async (t) => {
  for (const protocol of ['telnet', 'ssh'] as const) {
    const { to } = await start(t, { family: 'ncs5500', protocol })
    await t.rejects(connectDevice({ ...to, password: 'wrong-one' }), { code: 'DEVICE_AUTH_FAILED' }, protocol)
  }
})

t.test('garbage before an output does not hide its prompt, a dropped session is noticed', async (t) => {
  const { router, to } = await start(t, {
    family: 'asr9k',
    protocol: 'ssh',
    faults: [
      { kind: 'garbage', match: 'show clock' },
      { kind: 'drop', match: 'show users', nth: 1 },
    ],
  })
  const session = await connect(t, to)
  t.equal((await session.run('show clock')).failed, false)
  await t.rejects(session.run('show users'), { code: 'DEVICE_DISCONNECTED' })
  await session.closed
  t.same(router.mutations, [])
})

for (const protocol of ['telnet', 'ssh'] as const) {
  t.test(
    `what a router says to the last command of an aborted login stands in the log, ${protocol}`,
    async (t) => {
      const { router, to } = await start(t, { family: 'ncs5500', protocol, keepTranscript: true })
      const controller = new AbortController()
      router.on('command', ({ line }) => {
        if (line === 'show version') controller.abort()
      })
      const log: Buffer[] = []
      const aborted = connectDevice(to, { log: (bytes) => log.push(bytes), signal: controller.signal })
      await t.rejects(aborted, { code: 'DEVICE_ABORTED' })
      const said = router.transcript().map(({ what, text = '' }) => (what === 'said' ? text : ''))
      t.match(said.join(''), /#show version\r\n[\s\S]*Version 6\.0\.1[\s\S]*#$/)
      t.ok(Buffer.concat(log).toString('latin1').endsWith(said.join('')))
    },
  )
}
