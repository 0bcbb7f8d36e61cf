// Hosts behind jump hosts, and packages from FTP and from Slipway itself.
import { randomBytes, randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import {
  createError,
  type distributionMessages,
  type ExecutionTarget,
  type RequestOf,
} from '@slipway/contracts'
import { createFtpRepository, createJumpHost, type SimulatedJumpHost } from '@slipway/router-sim'
import { type Teardown, until } from '@slipway/test-kit'
import t from 'tap'
import {
  type Bench,
  bench,
  DEVICE_PASSWORD,
  dump,
  type LabHost,
  REPOSITORY_PASSWORD,
  seal,
} from './harness.ts'

// Mostly waiting for routers, so side by side.
t.jobs = 3

const JUMP_PASSWORD = 'jump:h@st/Secret'

const fixes = {
  asr9k: { file: 'asr9k-px-5.3.3.CSCuy81837.pie', name: 'asr9k-px-5.3.3.CSCuy81837-1.0.0' },
  ncs5500: {
    file: 'ncs5500-os-support-2.0.0.1-r601.CSCuz13026.x86_64.rpm',
    name: 'ncs5500-os-support-2.0.0.1-r601.CSCuz13026',
  },
} as const

type JumpHostRow = NonNullable<ExecutionTarget['jumpHost']>

async function startJumpHost(t: Teardown): Promise<{ server: SimulatedJumpHost; row: JumpHostRow }> {
  const server = createJumpHost({ user: 'ops', password: JUMP_PASSWORD, allows: () => true })
  const { address, port } = await server.start()
  t.teardown(() => server.stop())
  return { server, row: rowOf(address, String(port), JUMP_PASSWORD) }
}

function rowOf(address: string, port: string, password: string): JumpHostRow {
  const id = randomUUID()
  return {
    id,
    name: 'Bastion',
    connectionType: 'ssh',
    address,
    port,
    username: 'ops',
    sealedPassword: seal.seal(password, { table: 'jump_host', row: id, field: 'password' }),
  }
}

const texts = async (b: Bench, jobId: number) =>
  (
    await b.query<{ payload: { text?: string } }>(
      'SELECT payload FROM job_event WHERE job_id = $1 ORDER BY seq',
      [jobId],
    )
  ).map(({ payload }) => payload.text)

for (const [family, protocol] of [
  ['asr9k', 'telnet'],
  ['ncs5500', 'ssh'],
] as const) {
  void t.test(
    `an upgrade of ${family} over ${protocol} through a jump host`,
    { buffered: true },
    async (t) => {
      const b = await bench(t)
      const { server, row } = await startJumpHost(t)
      const { file, name } = fixes[family]
      const softwarePackages = [file]
      const executor = await b.start()
      const host = await b.lab.add(family, { protocol })
      host.jumpHost = row
      const [port] = host.target.ports
      const added = await b.run(host, 'Add', { softwarePackages })
      t.match(added, { outcome: 'completed', packageChanges: [name] })
      t.match(await b.run(host, 'Activate', { softwarePackages }), {
        outcome: 'completed',
        packageChanges: [name],
      })
      t.equal(host.router.state().reloads, 1, 'seen through a restart')
      t.match(await b.run(host, 'Commit'), { outcome: 'completed' })
      t.match(host.router.counts(), { add: 1, activate: 1, commit: 1 })
      const chain = `Connection chain 1/1: ssh://ops@127.0.0.1:${row.port} -> ${protocol}://cisco@127.0.0.1:${port}`
      t.ok((await texts(b, added.jobId)).includes(chain), chain)
      t.equal(server.counts().logins, 1, 'one connection for all of it')

      const everything = (await dump(b)) + JSON.stringify([b.results, b.discoveries, b.progress])
      for (const secret of [JUMP_PASSWORD, DEVICE_PASSWORD]) {
        t.notOk(everything.includes(secret) || everything.includes(encodeURIComponent(secret)))
      }
      await executor.stop()
      await until(() => server.counts().connections === 0, { message: 'the connection is closed' })
    },
  )
}

void t.test('eight routers share one connection to their jump host', { buffered: true }, async (t) => {
  const b = await bench(t)
  const { server, row } = await startJumpHost(t)
  const hosts: LabHost[] = []
  for (let index = 0; index < 8; index += 1) hosts.push(await b.lab.add('asr9k'))
  for (const host of hosts) host.jumpHost = row
  await b.start()
  const results = await Promise.all(hosts.map((host) => b.run(host, 'inventory')))
  for (const result of results) t.match(result, { outcome: 'completed' }, result.statusMessage)
  t.match(server.counts(), { logins: 1, connections: 1, forwarded: 8 })
})

for (const protocol of ['telnet', 'ssh'] as const) {
  void t.test(`a jump host that dies while a ${protocol} router works`, { buffered: true }, async (t) => {
    const b = await bench(t)
    const { server, row } = await startJumpHost(t)
    const { file, name } = fixes.asr9k
    const softwarePackages = [file]
    // Long enough for something to happen in the middle of it.
    const timing = { operationMs: 800 }
    const host = await b.lab.add('asr9k', { protocol, timing })
    host.jumpHost = row
    await b.start({ EXECUTOR_RELOAD_TIMEOUT: '2s' })
    const running = async (jobId: number, kind: string) =>
      until(
        async () =>
          (
            await b.query(
              'SELECT 1 FROM journal WHERE job_id = $1 AND kind = $2 AND operation_id IS NOT NULL',
              [jobId, kind],
            )
          ).length > 0,
        { message: `${kind} runs` },
      )

    const add = b.offer(host, 'Add', { softwarePackages })
    await running(add.jobId, 'add')
    server.cut()
    t.match(await b.result(add.jobId), { outcome: 'completed', packageChanges: [name] }, 'it comes back')
    t.equal(host.router.counts().add, 1)
    t.equal(server.counts().logins, 2)

    const activate = b.offer(host, 'Activate', { softwarePackages })
    await running(activate.jobId, 'activate')
    await server.stop()
    t.match(await b.result(activate.jobId), {
      outcome: 'failed',
      statusMessage: `Unable to reach the device: The jump host ssh://ops@127.0.0.1:${row.port} cannot be reached: Connection refused by 127.0.0.1 port ${row.port}`,
    })
    t.equal(host.router.counts().activate, 1)
  })
}

void t.test('what is wrong with a jump host is told', { buffered: true }, async (t) => {
  const b = await bench(t)
  const { row } = await startJumpHost(t)
  await b.start()
  const host = await b.lab.add('asr9k')
  const failed = async (jumpHost: JumpHostRow, statusMessage: RegExp) => {
    host.jumpHost = jumpHost
    const result = await b.run(host, 'inventory')
    t.match(result, { outcome: 'failed', statusMessage })
  }
  await failed({ ...row, connectionType: 'telnet' }, /^The jump host 'Bastion' speaks Telnet\. /)
  await failed({ ...row, id: randomUUID() }, /^The password of the jump host cannot be opened/)
  await failed(
    rowOf(row.address, row.port, 'wrong'),
    /^Unable to reach the device: The jump host \S+ does not accept user name and password$/,
  )
  const refusing = createJumpHost({ user: 'ops', password: JUMP_PASSWORD, allows: () => false })
  const { address, port } = await refusing.start()
  t.teardown(() => refusing.stop())
  await failed(
    rowOf(address, String(port), JUMP_PASSWORD),
    /^Unable to reach the device: The jump host \S+ does not forward to 127\.0\.0\.1 port \d+/,
  )
})

void t.test('packages come from FTP, too', { buffered: true }, async (t) => {
  const b = await bench(t)
  const ftp = createFtpRepository({
    root: b.lab.repositoryRoot,
    user: 'files',
    password: REPOSITORY_PASSWORD,
  })
  const { address, port } = await ftp.start()
  t.teardown(() => ftp.stop())
  Object.assign(b.lab.repository, { serverType: 'FTP', serverAddress: `${address}:${port}`, vrf: 'MGMT' })
  await b.start()
  for (const family of ['asr9k', 'ncs5500'] as const) {
    const host = await b.lab.add(family)
    const { file, name } = fixes[family]
    const result = await b.run(host, 'Add', { softwarePackages: [file] })
    t.match(result, { outcome: 'completed', packageChanges: [name] }, result.statusMessage)
    t.match(host.router.mutations[0], {
      text: family === 'asr9k' ? /ftp:\/\/files:[^@]+@127\.0\.0\.1:\d+;MGMT\b/ : /ftp:\/\/files@127\.0\.0\.1/,
    })
    t.equal(ftp.counts().downloads[`/${file}`], 1)
  }
  t.notOk((await dump(b)).includes(encodeURIComponent(REPOSITORY_PASSWORD)))
})

/** The store of distributions as executors and routers see it: links, each of whose files is given out once. */
async function startStore(t: Teardown, b: Bench) {
  const opened: RequestOf<typeof distributionMessages.openRepository>[] = []
  const tokens: string[] = []
  const left = new Set<string>()
  const served: string[] = []
  const server = createServer(async ({ url = '' }, response) => {
    if (!left.delete(url)) return void response.writeHead(403).end()
    served.push(url)
    response.end(await readFile(join(b.lab.repositoryRoot, url.split('/').at(-1) ?? '')))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  b.openRepository = async (question) => {
    opened.push(question)
    const token = randomBytes(32).toString('base64url')
    tokens.push(token)
    const path = `/download/link/${token}`
    for (const file of question.files) left.add(`${path}/${file}`)
    return path
  }
  const serverAddress = `127.0.0.1:${port}`
  Object.assign(b.lab.repository, { serverType: 'HTTP', serverAddress, homeDirectory: '/download/xr' })
  return { opened, tokens, served, env: { SLIPWAY_PUBLIC_URL: `http://${serverAddress}/` } }
}

void t.test('packages come from Slipway itself, by one-time links', { buffered: true }, async (t) => {
  const b = await bench(t)
  const store = await startStore(t, b)
  const executor = await b.start(store.env)
  const host = await b.lab.add('ncs5500')
  const { file, name } = fixes.ncs5500
  const softwarePackages = [file]

  await t.test('what the store does not have is told before anything is sent', async (t) => {
    const { openRepository } = b
    b.openRepository = async ({ directory }) => {
      throw createError('DISTRIBUTION_NOT_FOUND', [`${directory}/${file}`])
    }
    t.match(await b.run(host, 'Add', { softwarePackages }), {
      outcome: 'failed',
      statusMessage: `Distribution 'xr/${file}' does not exist.`,
    })
    b.openRepository = openRepository
    Object.assign(b.lab.repository, { homeDirectory: '/download' })
    t.match(await b.run(host, 'Add', { softwarePackages }), {
      outcome: 'failed',
      statusMessage: /leads to '\/download' of this Slipway, which is no directory of distributions/,
    })
    t.equal(host.router.counts().add, 0)
    t.equal(store.opened.length, 0)
  })

  await t.test('the directory may be that of the job, and a store that restarts is waited for', async (t) => {
    const { openRepository } = b
    b.openRepository = async () => {
      b.openRepository = openRepository
      throw createError('BUS_UNAVAILABLE')
    }
    // The session breaks before the router gets the command: sent anew, with a link of its own.
    host.router.setFaults([{ kind: 'drop', match: 'install add', nth: 1 }])
    const result = await b.run(host, 'Add', { softwarePackages, serverDirectory: 'xr' })
    t.match(result, { outcome: 'completed', packageChanges: [name] }, result.statusMessage)
    t.match(store.opened.at(-1), {
      directory: 'xr',
      files: [file],
      expiresInS: 14_400,
      reader: /^job \d+, router /,
    })
    t.same(store.served.length, 1)
    t.ok(host.router.mutations.at(-1)?.text.includes(store.tokens.at(-1) ?? ''))
    t.equal(store.opened.length, host.router.counts().add, 'a link for each command')
  })
  await executor.stop()

  await t.test('who takes an Add over opens no other link, and repeats nothing', async (t) => {
    const other = await b.lab.add('ncs5500', { timing: { operationMs: 60_000 } })
    const name = 'mortal'
    const mortal = await b.startMortal(other, { ...store.env, EXECUTOR_NAME: name, EXECUTOR_SOLE: 'false' })
    const { jobId } = b.offer(other, 'Add', { softwarePackages, serverDirectory: 'xr' }, name)
    const operated = 'SELECT 1 FROM journal WHERE job_id = $1 AND operation_id IS NOT NULL'
    await until(async () => (await b.query(operated, [jobId])).length > 0, { message: 'the router works' })
    await mortal.kill()
    const links = store.opened.length
    b.openRepository = async () => {
      throw createError('DISTRIBUTION_NOT_FOUND', ['xr'])
    }
    await b.query("UPDATE run SET lease_until = 'epoch' WHERE job_id = $1", [jobId])
    await b.start({ ...store.env, EXECUTOR_SOLE: 'false', EXECUTOR_NAME: 'survivor' })
    other.router.hurry()
    const result = await b.result(jobId)
    t.match(result, { outcome: 'completed', packageChanges: [fixes.ncs5500.name] }, result.statusMessage)
    t.equal(other.router.counts().add, 1)
    t.equal(store.opened.length, links)
  })

  const everything = (await dump(b)) + JSON.stringify([b.results, b.discoveries, b.progress, b.logged])
  for (const token of store.tokens) t.notOk(everything.includes(token), 'the token stands nowhere')
  t.match(everything, /install add source http:\/\/127\.0\.0\.1:\d+\/download\/link\/\*\*\* ncs5500/)
})
