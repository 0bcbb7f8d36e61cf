// Ways to routers and to files: jump hosts and FTP.
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { Client as FtpClient } from 'basic-ftp'
import { Client, type ClientChannel } from 'ssh2'
import t, { type Test } from 'tap'
import { createFtpRepository, createJumpHost, createLab, type LabLine } from '../src/index.ts'
import { EXEC, telnetIn } from './support/client.ts'
import { nextEnd, startRepository, startRouter } from './support/routers.ts'

async function sshClient(t: Test, port: number, password = 'p'): Promise<Client> {
  const client = new Client()
  t.teardown(() => client.destroy())
  await new Promise<void>((resolve, reject) => {
    client.on('error', reject)
    client.on('ready', () => resolve())
    client.connect({ host: '127.0.0.1', port, username: 'u', password })
  })
  return client
}

const channelTo = (client: Client, address: string, port: number) =>
  new Promise<ClientChannel>((resolve, reject) => {
    client.forwardOut('127.0.0.1', 0, address, port, (error, channel) =>
      error === undefined ? resolve(channel) : reject(error),
    )
  })

const heard = (channel: ClientChannel, pattern: RegExp) =>
  new Promise<string>((resolve, reject) => {
    let text = ''
    channel.on('data', (bytes: Buffer) => {
      text += bytes.toString('latin1')
      if (pattern.test(text)) resolve(text)
    })
    channel.on('close', () => reject(new Error(`closed after ${JSON.stringify(text)}`)))
  })

t.test('a jump host forwards to what it may and does nothing else', async (t) => {
  const { port: routerPort } = await startRouter(t, 'asr9k')
  const nobody = createServer()
  await new Promise<void>((resolve) => nobody.listen(0, '127.0.0.1', resolve))
  const { port: closedPort } = nobody.address() as { port: number }
  await new Promise((resolve) => nobody.close(resolve))
  const jumpHost = createJumpHost({
    user: 'u',
    password: 'p',
    allows: (address, port) => address === '127.0.0.1' && [routerPort, closedPort].includes(port),
  })
  t.teardown(jumpHost.stop)
  const { port } = await jumpHost.start()
  await t.rejects(sshClient(t, port, 'wrong'), /authentication/i)
  const client = await sshClient(t, port)
  const channel = await channelTo(client, '127.0.0.1', routerPort)
  await heard(channel, /Username: /)
  t.match(jumpHost.counts(), { logins: 1, refusedLogins: 1, connections: 1, channels: 1, forwarded: 1 })
  await t.rejects(channelTo(client, '127.0.0.1', closedPort), { reason: 2, message: /Connection refused/ })
  await t.rejects(channelTo(client, '127.0.0.1', 22), { reason: 1, message: /open failure/ })
  await t.rejects(
    new Promise((resolve, reject) => client.shell((error) => (error ? reject(error) : resolve(true)))),
    /open failure/,
  )
  const closed = new Promise((resolve) => channel.on('close', resolve))
  jumpHost.cut()
  await closed
  t.match(jumpHost.counts(), { channels: 0, forwarded: 1, prohibited: 1 })
  jumpHost.reset()
  t.match(jumpHost.counts(), { logins: 0, forwarded: 0, prohibited: 0 })
})

/** So many ports in a row that were free a moment ago. */
async function freePorts(count: number): Promise<number> {
  for (let base = 21_000 + (process.pid % 8000); ; base += count) {
    const servers = await Promise.all(
      Array.from({ length: count }, (_, index) =>
        ['127.0.0.1', '127.0.0.2'].map(
          (host) =>
            new Promise<ReturnType<typeof createServer> | undefined>((resolve) => {
              const server = createServer()
              server.once('error', () => resolve(undefined))
              server.listen(base + index, host, () => resolve(server))
            }),
        ),
      ).flat(),
    )
    await Promise.all(servers.map((server) => new Promise((resolve) => server?.close(resolve) ?? resolve(0))))
    if (servers.every((server) => server !== undefined)) return base
  }
}

const only = <K extends LabLine['kind']>(lines: readonly LabLine[], kind: K) =>
  lines.filter((line): line is Extract<LabLine, { kind: K }> => line.kind === kind)

t.test(
  'a lab has routers that only its jump host reaches, and an FTP repository, on ports in order',
  async (t) => {
    const basePort = await freePorts(10)
    const lab = await createLab({ basePort, ftp: true, jumpHost: true, password: 'p' })
    t.teardown(lab.stop)
    const routers = only(lab.lines, 'router')
    t.same(
      routers.map(({ name, port }) => [name, port - basePort]),
      [
        ['lab-asr9k-telnet-1', 0],
        ['lab-asr9k-ssh-1', 1],
        ['lab-ncs5500-ssh-1', 2],
        ['lab-ncs5500-telnet-1', 3],
        ['lab-asr9k-x64-ssh-1', 4],
        ['lab-behind-asr9k-telnet', 9],
        ['lab-behind-ncs5500-ssh', 10],
      ],
    )
    const repositories = only(lab.lines, 'repository').map(({ row }) => row)
    t.match(repositories, [
      { server_type: 'SFTP', server_address: `127.0.0.1:${basePort + 5}` },
      { hostname: 'lab-ftp', server_type: 'FTP', server_address: `127.0.0.1:${basePort + 7}` },
    ])
    t.equal(lab.controlUrl, `http://127.0.0.1:${basePort + 6}`)
    t.same(
      routers.map(({ jump_host: via }) => via?.port),
      [undefined, undefined, undefined, undefined, undefined, basePort + 8, basePort + 8],
    )
    const [telnet, ssh] = routers.slice(5)
    if (telnet === undefined || ssh === undefined) throw new Error('no routers')
    t.same(telnet.jump_host, {
      name: 'lab-jump',
      protocol: 'ssh',
      address: '127.0.0.1',
      port: basePort + 8,
      user: 'lab',
      password: 'p',
    })
    await t.rejects(
      new Promise((_resolve, reject) => {
        const socket = connect({ host: telnet.address, port: telnet.port })
        socket.on('error', reject)
        socket.on('close', () => reject(new Error('closed')))
      }),
      'not directly',
    )
    const client = new Client()
    t.teardown(() => client.destroy())
    await new Promise<void>((resolve) => {
      client.on('ready', () => resolve())
      client.connect({ host: '127.0.0.1', port: basePort + 8, username: 'lab', password: 'p' })
    })
    t.match(await heard(await channelTo(client, telnet.address, telnet.port), /Username: /), /Username/)
    t.match(await heard(await channelTo(client, ssh.address, ssh.port), /^SSH-2/), /Cisco/)
    await t.rejects(
      channelTo(client, '127.0.0.1', basePort),
      { reason: 1, message: /open failed/ },
      'nowhere else',
    )

    const ask = async (path: string, method = 'GET') => {
      const response = await fetch(`${lab.controlUrl}/jump-hosts${path}`, { method })
      return { status: response.status, body: await response.json() }
    }
    t.match(await ask(''), { status: 200, body: [{ hostname: 'lab-jump', channels: 2, prohibited: 1 }] })
    const closed = new Promise<void>((resolve) => client.on('close', () => resolve()))
    t.match(await ask('/lab-jump/cut', 'POST'), { status: 200 })
    await closed
    t.match(await ask('/lab-jump/stop', 'POST'), { status: 200 })
    t.match(await ask('/lab-jump/start', 'POST'), { status: 200 })
    t.match(await ask('/lab-jump'), { status: 200, body: { connections: 0 } })
    for (const wrong of ['/lab-jump/explode', '/nobody/cut']) t.equal((await ask(wrong, 'POST')).status, 404)
  },
)

async function ftpClient(t: Test, port: number, password = 'p'): Promise<FtpClient> {
  const client = new FtpClient(10_000)
  t.teardown(() => client.close())
  await client.access({ host: '127.0.0.1', port, user: 'u', password })
  return client
}

async function download(client: FtpClient, path: string, from = 0): Promise<string> {
  const chunks: Buffer[] = []
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk)
      done()
    },
  })
  await client.downloadTo(sink, path, from)
  return Buffer.concat(chunks).toString()
}

t.test('the FTP repository serves its directory, reads only, and nothing outside it', async (t) => {
  const base = await mkdtemp(join(tmpdir(), 'router-sim-ftp-'))
  t.teardown(() => rm(base, { recursive: true, force: true }))
  await mkdir(join(base, 'root/sub'), { recursive: true })
  await writeFile(join(base, 'root/sub/a.pie'), 'content')
  await writeFile(join(base, 'secret'), 'outside')
  await symlink(join(base, 'secret'), join(base, 'root/link'))
  const repository = createFtpRepository({ root: join(base, 'root'), user: 'u', password: 'p' })
  t.teardown(repository.stop)
  const { port } = await repository.start()
  await t.rejects(ftpClient(t, port, 'wrong'), { code: 530 })
  const client = await ftpClient(t, port)
  t.equal(await download(client, '/sub/a.pie'), 'content')
  t.equal(await download(client, '/sub/a.pie', 3), 'tent', 'from a position')
  t.equal(await client.size('sub/a.pie'), 7)
  t.ok((await client.lastMod('sub/a.pie')).getFullYear() > 2000)
  t.match(await client.list('/'), [{ name: 'link' }, { name: 'sub', isDirectory: true }])
  await client.cd('sub')
  t.equal(await client.pwd(), '/sub')
  t.match(await client.list(), [{ name: 'a.pie', size: 7 }])
  await client.cdup()
  for (const path of ['../secret', '/../../secret', '/link', '/sub/../../secret', '/missing', '/sub']) {
    await t.rejects(download(client, path), { code: 550 }, path)
  }
  await t.rejects(client.cd('/sub/a.pie'), { code: 550 })
  await t.rejects(client.remove('/sub/a.pie'), { code: 502 })
  const stranger = new FtpClient(10_000)
  t.teardown(() => stranger.close())
  await stranger.connect('127.0.0.1', port)
  await t.rejects(stranger.send('PWD'), { code: 530 }, 'not without a log-in')
  await stranger.login('u', 'p')
  await t.rejects(stranger.send('RETR /sub/a.pie'), { code: 425 }, 'not without a data connection')
  t.same(repository.counts(), { logins: 2, refusedLogins: 1, downloads: { '/sub/a.pie': 2 } })
})

t.test('classic XR adds from FTP with the password in the URL, behind a VRF too', async (t) => {
  const { host, repository } = await startRepository(t, ['asr9k'], 'ftp')
  const { router, port } = await startRouter(t, 'asr9k')
  const session = await telnetIn({ port })
  t.teardown(session.end)
  await session.run('terminal length 0')
  const add = async (url: string, file: string) => {
    const end = nextEnd(router)
    const output = await session.run(`admin install add source ${url} ${file} async`)
    return { output, ...(await end) }
  }
  const good = await add(`ftp://lab:pa%3ass%401@${host};MGMT/`, 'asr9k-mcast-px.pie-5.3.3')
  t.equal(good.state, 'succeeded', good.output)
  t.notMatch(good.output, 'pa%3ass')
  t.same(repository.counts().downloads, { '/asr9k-mcast-px.pie-5.3.3': 1 })
  const bad = await add(`ftp://lab:wrong@${host}/`, 'asr9k-px-5.3.3.CSCuy81837.pie')
  t.equal(bad.state, 'failed')
  const missing = await add(`ftp://lab:pa%3ass%401@${host}/none`, 'asr9k-px-5.3.3.CSCuy81837.pie')
  t.equal(missing.state, 'failed')
  t.match(
    await session.run(`show install log ${missing.id} detail`),
    /could\s+not be found/,
    'in the words for a missing file',
  )
})

t.test('eXR adds from FTP after asking for the password', async (t) => {
  const { host, repository } = await startRepository(t, ['ncs5500'], 'ftp')
  const { router, port } = await startRouter(t, 'ncs5500')
  const session = await telnetIn({ port })
  t.teardown(session.end)
  const file = 'ncs5500-mgbl-3.0.0.0-r601.x86_64.rpm'
  const end = nextEnd(router)
  session.send(`install add source ftp://lab@${host}/ ${file}\r`)
  await session.expect(/password:/i)
  session.send('wrong\r')
  await session.expect(/Permission denied, please try again\.\n/)
  await session.expect(/password:/i)
  session.send('pa:ss@1\r')
  await session.expect(EXEC)
  t.equal((await end).state, 'succeeded')
  t.match(repository.counts(), { logins: 1, refusedLogins: 1, downloads: { [`/${file}`]: 1 } })
})
