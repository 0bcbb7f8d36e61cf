import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { Client, type SFTPWrapper } from 'ssh2'
import t, { type Test } from 'tap'
import { PROFILES } from '../src/families.ts'
import {
  createLab,
  createSftpRepository,
  DEMO_RELEASES,
  decodePackages,
  demoPackages,
  encodePackage,
  encodeTar,
  FAMILIES,
  initialPackages,
  type LabLine,
  maskUrl,
  parseRepositoryUrl,
  runLabCli,
} from '../src/index.ts'
import { planActivation, planDeactivation } from '../src/install/change-plan.ts'
import { bareName, expandName } from '../src/install/install-arguments.ts'
import { sshIn, telnetIn } from './support/client.ts'

async function sftpClient(t: Test, port: number, password = 'p'): Promise<SFTPWrapper> {
  const client = new Client()
  t.teardown(() => client.destroy())
  return new Promise((resolve, reject) => {
    client.on('error', reject)
    client.on('ready', () =>
      client.sftp((error, sftp) => (error === undefined ? resolve(sftp) : reject(error))),
    )
    client.connect({ host: '127.0.0.1', port, username: 'u', password })
  })
}

const call = <T>(run: (done: (error: Error | undefined | null, value?: T) => void) => void) =>
  new Promise<T>((resolve, reject) => {
    run((error, value) => (error === undefined || error === null ? resolve(value as T) : reject(error)))
  })

t.test('the repository serves its directory, reads only, and nothing outside it', async (t) => {
  const base = await mkdtemp(join(tmpdir(), 'router-sim-repo-'))
  t.teardown(() => rm(base, { recursive: true, force: true }))
  await mkdir(join(base, 'root/sub'), { recursive: true })
  await writeFile(join(base, 'root/sub/a.pie'), 'content')
  await writeFile(join(base, 'secret'), 'outside')
  await symlink(join(base, 'secret'), join(base, 'root/link'))
  const repository = createSftpRepository({ root: join(base, 'root'), user: 'u', password: 'p' })
  t.teardown(() => repository.stop())
  const { port } = await repository.start()
  await t.rejects(sftpClient(t, port, 'wrong'), /authentication/i)
  const sftp = await sftpClient(t, port)
  t.equal((await call<Buffer>((done) => sftp.readFile('/sub/a.pie', done))).toString(), 'content')
  const names = await call<{ filename: string }[]>((done) => sftp.readdir('/', done))
  t.same(names.map(({ filename }) => filename).sort(), ['link', 'sub'])
  t.equal((await call<{ size: number }>((done) => sftp.stat('sub/a.pie', done))).size, 7)
  t.equal(await call<string>((done) => sftp.realpath('/sub/../..', done)), '/')
  for (const path of ['../secret', '/../../secret', '/link', '/sub/../../secret', '/missing', '/a\0b']) {
    await t.rejects(
      call((done) => sftp.readFile(path, done)),
      /No such file/i,
      JSON.stringify(path),
    )
  }
  await t.rejects(
    call((done) => sftp.writeFile('/new', 'x', done)),
    /Permission denied/i,
  )
  await t.rejects(call((done) => sftp.readFile('/sub', done)))
  await t.rejects(call((done) => sftp.unlink('/sub/a.pie', done)))
  t.same(repository.counts(), { logins: 1, refusedLogins: 1, downloads: { '/sub/a.pie': 1 } })
  repository.reset()
  t.same(repository.counts(), { logins: 0, refusedLogins: 0, downloads: {} })
})

t.test('package files carry their facts; damage is noticed', async (t) => {
  for (const family of FAMILIES) {
    for (const facts of demoPackages(family)) t.same(decodePackages(encodePackage(facts, 1000)), [facts])
  }
  const [first, second] = demoPackages('asr9k')
  if (first === undefined || second === undefined) throw new Error('demo packages')
  const files = [first, second].map((facts) => ({ name: facts.file, bytes: encodePackage(facts, 700) }))
  const tar = encodeTar(files)
  t.same(decodePackages(tar), [first, second])
  t.throws(() => decodePackages(tar.subarray(0, 900)), { code: 'SIM_PACKAGE_INVALID' })
  const whole = encodePackage(first, 300)
  await fc.assert(
    fc.property(fc.integer({ min: 0, max: whole.length - 1 }), (end) => {
      t.throws(() => decodePackages(whole.subarray(0, end)), { code: 'SIM_PACKAGE_INVALID' })
    }),
    { numRuns: 50 },
  )
  await fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) => {
      try {
        decodePackages(Buffer.from(bytes))
        return false
      } catch (error) {
        return (error as { code?: string }).code === 'SIM_PACKAGE_INVALID'
      }
    }),
  )
})

t.test('any change keeps exactly one image and no unmet needs, or is refused', async (t) => {
  for (const family of FAMILIES) {
    const { os } = PROFILES[family]
    const active = initialPackages(family)
    const offered = demoPackages(family)
    await fc.assert(
      fc.property(fc.subarray(offered, { minLength: 1 }), fc.subarray(active), (wanted, unwanted) => {
        const all = [...active, ...offered]
        for (const plan of [planActivation(os, active, wanted), planDeactivation(active, unwanted)]) {
          if (plan.unmet.length > 0) continue
          const next = all.filter((facts) => plan.nextActive.has(facts.name))
          const images = next.filter((facts) => facts.kind === 'image')
          const removesAll = plan.nextActive.size === 0
          if (!removesAll && images.length !== 1) return false
          if (next.some((facts) => facts.release !== images[0]?.release)) return false
        }
        return true
      }),
    )
    const everything = planActivation(os, active, offered)
    t.same(everything.unmet, [], `${family}: all that is offered can be activated at once`)
    t.ok(everything.nextActive.size > 1)
  }
})

t.test('names are matched with locations, suffixes and wildcards', async (t) => {
  t.equal(bareName('disk0:asr9k-mini-px-5.3.3'), 'asr9k-mini-px-5.3.3')
  t.equal(bareName('harddisk:/x.x86_64.rpm'), 'x')
  const known = ['asr9k-mini-px-5.3.3', 'asr9k-mcast-px-5.3.3', 'asr9k-mcast-px-6.1.4']
  t.same(expandName('disk0:*mcast*', known), known.slice(1))
  t.same(expandName('*6.1.4', known), known.slice(2))
  t.same(expandName('asr9k-*-px-5.3.3', known), known.slice(0, 2))
  t.same(expandName('mcast', known), [])
  await fc.assert(
    fc.property(fc.string(), fc.array(fc.string()), (name, names) =>
      expandName(name, names).every((each) => names.includes(each)),
    ),
  )
})

t.test('repository URLs with awkward passwords are understood and masked', async (t) => {
  t.match(parseRepositoryUrl('sftp://u:p@ss:w@10.0.0.1:2022//dir/x'), {
    scheme: 'sftp',
    host: '10.0.0.1',
    port: 2022,
    user: 'u',
    password: 'p@ss:w',
    directory: '/dir/x',
  })
  t.match(parseRepositoryUrl('/ftp://h;VRF/dir@2'), { host: 'h', user: undefined, directory: '/dir@2' })
  t.equal(parseRepositoryUrl('disk0:'), undefined)
  t.equal(maskUrl('sftp://u:p@ss@h/d x'), 'sftp://u:******@h/d x')
  t.equal(maskUrl('sftp://u@h/d'), 'sftp://u@h/d')
  const secret = fc.string({ minLength: 8, maxLength: 20 }).filter((text) => text.trim() === text)
  await fc.assert(
    fc.property(secret, (password) => {
      const url = `sftp://lab:${encodeURIComponent(password)}@127.0.0.1:22/dir`
      return (
        parseRepositoryUrl(url)?.password === password && !maskUrl(url).includes(encodeURIComponent(password))
      )
    }),
  )
  await fc.assert(fc.property(fc.string(), (text) => parseRepositoryUrl(text) !== null))
})

interface Described {
  readonly counts: Record<string, number>
  readonly mutations: { readonly text: string }[]
  readonly faults: { readonly kind: string; readonly seen: number }[]
  readonly status: string
  readonly sessionLog: { readonly id: number; readonly closedAt?: string }[]
  readonly overlaps: [number, number][]
}

t.test('the control API shows counters and sets faults for other processes', async (t) => {
  const lab = await createLab({
    routers: 2,
    password: 'lab',
    timing: { operationMs: 10 },
    keepTranscript: true,
  })
  t.teardown(lab.stop)
  const ask = async (path: string, method = 'GET', body?: string) => {
    const response = await fetch(
      `${lab.controlUrl}${path}`,
      body === undefined ? { method } : { method, body },
    )
    return { status: response.status, body: (await response.json()) as Described }
  }
  const line = lab.lines[0]
  if (line?.kind !== 'router') throw new Error('no router')
  const path = `/routers/${line.name}`
  t.equal((await ask(`${path}/faults`, 'POST', '[{"kind":"abort","match":"commit"}]')).status, 200)
  const session = await telnetIn(line)
  await session.run('admin install commit')
  session.end()
  const { body } = await ask(path)
  t.equal(body.counts.commit, 1)
  t.same(
    body.mutations.map(({ text }) => text),
    ['admin install commit'],
  )
  t.match(body.faults, [{ kind: 'abort', seen: 1 }])
  t.match(body.sessionLog, [{ id: 1, user: 'root', service: 'telnet', openedAt: String }])
  t.same(body.overlaps, [])
  t.equal((await ask(`${path}/hurry`, 'POST')).status, 200)
  t.equal((await ask('/routers')).status, 200)
  const said = await fetch(`${lab.controlUrl}${path}/transcript`).then((answer) => answer.text())
  t.match(said, /"what":"line","text":"admin install commit"/)
  t.same((await ask('/repositories')).body, [
    { hostname: 'lab-sftp', logins: 0, refusedLogins: 0, downloads: {} },
  ])
  t.equal((await ask('/repositories/lab-sftp')).status, 200)
  t.equal((await ask(`${path}/faults`, 'POST', '{"kind":"flood"}')).status, 400)
  t.equal((await ask(`${path}/faults`, 'POST', 'no json')).status, 400)
  t.equal((await ask(`${path}/reset`, 'POST')).body.mutations.length, 0)
  t.equal((await ask(`${path}/power-cycle`, 'POST')).body.status, 'down')
  t.equal((await ask('/reset', 'POST')).status, 200)
  for (const wrong of ['/routers/nobody', '/', '/routers/x/y/z', `${path}/explode`]) {
    t.equal((await ask(wrong, 'POST')).status, 404, wrong)
  }
})

async function labCli(argv: string[], during: (lines: LabLine[]) => Promise<void> = async () => undefined) {
  const stop = new AbortController()
  let out = ''
  let err = ''
  let ready: () => void = () => undefined
  const started = new Promise<void>((resolve) => {
    ready = resolve
  })
  const running = runLabCli(argv, {
    stdout: (text) => {
      out += text
      if (text.includes('"ready"')) ready()
    },
    stderr: (text) => {
      err += text
    },
    signal: stop.signal,
  })
  await Promise.race([started, running])
  const lines = out.startsWith('{')
    ? out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as LabLine)
    : []
  await during(lines).finally(() => stop.abort())
  return { status: await running, out, err, lines }
}

t.test('the command prints one JSON line per router and repository, and a client can use them', async (t) => {
  const { status, lines, err } = await labCli([], async (lines) => {
    const routers = lines.filter((line) => line.kind === 'router')
    t.same(
      routers.map((line) => line.kind === 'router' && `${line.family} ${line.protocol}`),
      ['asr9k telnet', 'asr9k ssh', 'ncs5500 ssh', 'ncs5500 telnet', 'asr9k-x64 ssh'],
    )
    for (const line of routers) {
      if (line.kind !== 'router') continue
      t.same(Object.keys(line), ['kind', 'name', 'family', 'protocol', 'address', 'port', 'user', 'password'])
      const wish = { user: line.user, password: line.password }
      const session =
        line.protocol === 'ssh' ? await sshIn(line, wish) : await telnetIn(line, line.user, line.password)
      await session.run('terminal length 0')
      t.match(await session.run('show version'), DEMO_RELEASES[line.family].first)
      session.end()
    }
    const repository = lines.find((line) => line.kind === 'repository')
    if (repository?.kind !== 'repository') throw new Error('no repository')
    t.same(Object.keys(repository), ['kind', 'row', 'packages'])
    t.match(repository.row, {
      hostname: 'lab-sftp',
      server_type: 'SFTP',
      home_directory: '/',
      username: 'lab',
    })
    t.match(repository.row.server_address, /^127\.0\.0\.1:\d+$/)
    t.same(Object.keys(repository.packages), ['asr9k', 'ncs5500', 'asr9k-x64'])
    t.same(repository.packages.asr9k?.slice(0, 2), ['asr9k-mini-px.pie-6.1.4', 'asr9k-k9sec-px.pie-6.1.4'])
    t.same(lines.at(-2)?.kind, 'control')
  })
  t.equal(status, 0)
  t.same(lines.at(-1), { kind: 'ready' })
  const passwords = lines.map((line) => (line.kind === 'router' ? line.password : ''))
  t.equal(new Set(passwords.filter((each) => each !== '')).size, 5, 'each router has a password of its own')
  t.match(err, /5 routers are running/)
})

t.test('options choose what is started; wrong ones end with status 2', async (t) => {
  const some = await labCli([
    '--routers',
    '60',
    '--family',
    'ncs5500',
    '--protocol',
    'ssh',
    '--seed',
    'x',
    '--quiet',
  ])
  t.equal(some.lines.filter((line) => line.kind === 'router' && line.family === 'ncs5500').length, 60)
  t.equal(some.err, '')
  const again = await labCli([
    '--routers',
    '1',
    '--family',
    'ncs5500',
    '--protocol',
    'ssh',
    '--seed',
    'x',
    '--quiet',
  ])
  t.equal(
    JSON.stringify(again.lines[0]).match(/"password":"\w+"/)?.[0],
    JSON.stringify(some.lines[0]).match(/"password":"\w+"/)?.[0],
  )
  const help = await labCli(['--help'])
  t.equal(help.status, 0)
  for (const word of [
    '--routers',
    '--family',
    '--protocol',
    '--base-port',
    '--operation-ms',
    '--reload-ms',
    '--seed',
    '--data-dir',
    'Examples',
  ]) {
    t.match(help.out, word)
  }
  for (const wrong of [
    ['--routers', '0'],
    ['--family', 'crs'],
    ['--protocol', 'smoke'],
    ['--nonsense'],
    ['stray'],
  ]) {
    const { status, err } = await labCli(wrong)
    t.equal(status, 2, wrong.join(' '))
    t.match(err, /Try --help/)
  }
  const taken = await labCli(['--routers', '1', '--quiet'], async (lines) => {
    const line = lines[0]
    if (line?.kind !== 'router') throw new Error('no router')
    const { status, err } = await labCli(['--routers', '1', '--base-port', String(line.port), '--quiet'])
    t.equal(status, 1)
    t.match(err, /in use/)
  })
  t.equal(taken.status, 0)
})
