import { readFile } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { basename, join } from 'node:path'
import t, { type Test } from 'tap'
import { createHttpFetcher, type Family, type RouterOptions } from '../src/index.ts'
import { type Conversation, EXEC, refuses, sshIn, telnetIn } from './support/client.ts'
import { nextEnd, nextUp, startRepository, startRouter } from './support/routers.ts'

const STAMP = '\\w{3} \\d\\d \\d\\d:\\d\\d:\\d\\d'
const MGBL = 'ncs5500-mgbl-3.0.0.0-r601'
const MGBL_FILE = `${MGBL}.x86_64.rpm`
const SMU = 'ncs5500-os-support-2.0.0.1-r601.CSCuz13026'
const PASSWORD = /lab@127\.0\.0\.1's password:/
const QUESTION =
  /\n\nThis install operation will reload the (?:system|sdr), continue\?\n \[yes\/no\]:\[yes\] /

async function quiet(session: Conversation): Promise<Conversation> {
  for (const command of ['terminal exec prompt no-timestamp', 'terminal length 0', 'terminal width 0']) {
    await session.run(command)
  }
  return session
}

async function setUp(t: Test, family: Family = 'ncs5500', options: Partial<RouterOptions> = {}) {
  const repository = await startRepository(t, ['asr9k', 'ncs5500', 'asr9k-x64'])
  const { router, port } = await startRouter(t, family, 'telnet', options)
  const session = await quiet(await telnetIn({ port }))
  t.teardown(session.end)
  const perform = async (command: string) => {
    const end = nextEnd(router)
    const output = await session.run(command)
    return { output, operation: await end }
  }
  /** Starts an add, answers the password prompt, waits for the end. */
  const add = async (files: readonly string[], password = 'pa:ss@1', on: Conversation = session) => {
    const end = nextEnd(router)
    on.send(`install add source sftp://lab@${repository.host}/ ${files.join(' ')}\r`)
    const before = await on.expect(PASSWORD)
    on.send(`${password}\r`)
    const after = await on.expect(EXEC)
    return { output: before + after, operation: await end }
  }
  return { repository, router, port, session, perform, add }
}

t.test('adds an rpm after asking for the password', async (t) => {
  const { repository, router, session, add } = await setUp(t)
  t.equal(await session.run('show install request'), 'No install operation in progress')
  const { output, operation } = await add([MGBL_FILE])
  t.match(
    output,
    new RegExp(
      `\\n${STAMP} Install operation 1 started by root:\\n  install add source sftp://lab@\\S+ \\S+\\nlab@127\\.0\\.0\\.1's password:${STAMP} Install operation will continue in the background\\nRP`,
    ),
    'the background line follows the password prompt on the same line',
  )
  t.equal(operation.state, 'succeeded')
  await session.expect(new RegExp(`^${STAMP} Install operation 1 finished successfully\\n`))
  t.equal(await session.run('show install inactive'), `1 inactive package(s) found:\n    ${MGBL}`)
  t.match(
    await session.run('show install log 1 detail'),
    new RegExp(
      `\\n${STAMP} Packages added:\\n${STAMP}     ${MGBL}\\.x86_64\\n${STAMP} Install operation 1 finished successfully\\n${STAMP} Ending operation 1`,
    ),
  )
  t.equal(repository.repository.counts().downloads[`/${MGBL_FILE}`], 1)
  await add([MGBL_FILE])
  await session.expect(
    /It is a NO IMPACT OPERATION as all packages have already been added\n.*finished successfully\n/,
  )
  t.equal(router.counts().add, 2)
})

t.test('asks again after a wrong password and gives up after three', async (t) => {
  const { session, repository, router, add } = await setUp(t)
  const end = nextEnd(router)
  session.send(`install add source sftp://lab@${repository.host}/ ${MGBL_FILE}\r`)
  for (let tries = 0; tries < 3; tries += 1) {
    await session.expect(PASSWORD)
    session.send('wrong\r')
    await session.expect(/\nPermission denied, please try again\.\n/)
  }
  t.match(
    await session.expect(EXEC),
    /ERROR! Permission denied, please try again\.\n[\s\S]*Install operation 1 aborted\n/,
  )
  t.equal((await end).state, 'aborted')
  t.equal((await add([MGBL_FILE])).operation.state, 'succeeded')
})

t.test('tells each failure of an add in the words of the device', async (t) => {
  const { session, perform, add, router } = await setUp(t)
  const refused = await perform(`install add source sftp://lab@127.0.0.1:9/ ${MGBL_FILE}`)
  t.match(refused.output, /ERROR! % Connection refused by remote host\n[\s\S]*Install operation 1 aborted$/)
  t.notMatch(refused.output, PASSWORD, 'nobody asks for a password')
  await add(['missing.rpm'])
  await session.expect(
    /ERROR! Couldn't stat remote file: No such file or directory\n[\s\S]*Install operation 2 aborted\n/,
  )
  await add(['asr9k-mcast-px.pie-5.3.3'])
  await session.expect(
    /ERROR! Package "asr9k-mcast-px\.pie-5\.3\.3" is invalid: .* not supported on this platform\n/,
  )
  router.setFaults([{ kind: 'disk-full', match: 'install add' }])
  await add([MGBL_FILE])
  await session.expect(
    /Error! Not enough free disk space for installation\.\n.* Install operation 4 aborted\n/,
  )
  t.same(router.state().inactive, [])
})

t.test('activates without reload in the background, commits, deactivates and removes', async (t) => {
  const { session, router, perform, add } = await setUp(t)
  await add([MGBL_FILE])
  const { output } = await perform(`install activate ${MGBL}`)
  t.match(
    output,
    new RegExp(
      `^${STAMP} Install operation 2 started by root:\\n  install activate pkg ${MGBL}\\n${STAMP} Package list:\\n${STAMP}     ${MGBL}\\.x86_64\\n${STAMP} Install operation will continue in the background$`,
    ),
  )
  t.match(
    await session.run('show install active'),
    new RegExp(`Active Packages: 5\\n[\\s\\S]*        ${MGBL}\\n`),
  )
  const again = await session.run(`install activate ${MGBL}`)
  t.match(
    again,
    /This was a NO IMPACT OPERATION\. Packages are already active on device\.\n.* Install operation 3 finished successfully$/,
  )
  await perform('install commit')
  t.notOk(router.state().uncommitted)
  await perform(`install deactivate ${MGBL}`)
  t.match(await session.run('show install committed summary'), MGBL)
  const kept = await perform(`install remove ${MGBL}`)
  t.equal(kept.operation.state, 'failed')
  await session.expect(
    /ERROR! Package ncs5500-mgbl-3\.0\.0\.0-r601 is active or committed and cannot be removed\n.*aborted\n/,
  )
  await perform('install commit')
  t.equal((await perform('install remove inactive all')).operation.state, 'succeeded')
  t.equal(await session.run('show install inactive'), 'No inactive package(s) in software repository')
  t.match(
    await session.run(`install activate ${MGBL}`),
    /ERROR! Package \S+ is not present in the software repository\n.*aborted/,
  )
})

t.test('asks before a reload: no aborts, Enter goes on', async (t) => {
  for (const family of ['ncs5500', 'asr9k-x64'] as const) {
    const { port, session, router, repository, add } = await setUp(t, family)
    const smu = repository.packages[family]?.[1] ?? ''
    await add([smu])
    const name = smu.replace('.x86_64.rpm', '')
    session.send(`install activate ${name}\r`)
    t.match(await session.expect(QUESTION), family === 'ncs5500' ? /the system,/ : /the sdr,/)
    session.send('perhaps\r')
    await session.expect(QUESTION)
    session.send('no\r')
    t.match(await session.expect(EXEC), /Install operation 2 aborted/)
    session.send(`install activate id 1\r`)
    await session.expect(QUESTION)
    router.setFaults([{ kind: 'stay-down' }])
    const down = new Promise((resolve) => router.once('reload', resolve))
    session.send('\r')
    t.match(await session.expect(EXEC), /^\n\w{3} .* Install operation will continue in the background\n/)
    await session.expect(/Install operation 3 finished successfully\n/)
    await down
    await session.closed
    t.ok(await refuses({ port }))
    const up = nextUp(router)
    router.setFaults([])
    await up
    t.ok(router.state().active.includes(name))
    t.ok(router.state().uncommitted)
  }
})

t.test('a system upgrade brings another release and wants a commit before anything else', async (t) => {
  const { port, session, router, repository, perform, add } = await setUp(t)
  const upgrade = (repository.packages.ncs5500 ?? []).filter(
    (file) => file.includes('622') || file.includes('6.2.2'),
  )
  t.equal((await add(upgrade)).operation.packages.length, 5)
  const up = nextUp(router)
  await perform('install activate id 1 noprompt')
  await up
  session.end()
  const again = await quiet(await telnetIn({ port }))
  t.match(await again.run('show version'), / Version {6}: 6\.2\.2\n/)
  t.match(await again.run('show install active summary'), /ncs5500-xr-6\.2\.2 version=6\.2\.2 \[Boot image\]/)
  t.match(await again.run('admin show install active'), /ncs5500-sysadmin-6\.2\.2 version=6\.2\.2/)
  t.match(await again.run('show install inactive'), /^ {4}ncs5500-mini-x-6\.0\.1$/m)
  t.match(
    await again.run('install deactivate ncs5500-mgbl-3.0.0.0-r622'),
    /ERROR! there was an SU\/ISSU done\. please perform install commit before proceeding with any other prepare\/activate\/deactivate operation/,
  )
  const commit = nextEnd(router)
  await again.run('install commit')
  await commit
  t.equal(router.state().release, '6.2.2')
  const rebooted = nextUp(router)
  router.powerCycle()
  await rebooted
  t.equal(router.state().release, '6.2.2', 'a committed release stays')
  again.end()
})

t.test('an image alone deactivates the options of the old release', async (t) => {
  const { session, router, perform, add } = await setUp(t, 'asr9k-x64')
  await add(['asr9k-mini-x64-6.2.3.iso'])
  const up = nextUp(router)
  const { output } = await perform('install activate asr9k-mini-x64-6.2.3 noprompt')
  t.match(
    output,
    /WARNING! The following packages of another release will be deactivated:\n.* {5}asr9k-k9sec-x64-3\.1\.0\.0-r613\.x86_64\n/,
  )
  await up
  t.same(router.state().active, ['asr9k-mini-x64-6.2.3'])
  const lost = nextUp(router)
  router.powerCycle()
  await lost
  t.equal(router.state().release, '6.1.3', 'uncommitted, so the old release is back')
  session.end()
})

t.test('refuses what lacks its image', async (t) => {
  const { session, add } = await setUp(t)
  await add(['ncs5500-mgbl-3.0.0.0-r622.x86_64.rpm'])
  t.match(
    await session.run('install activate ncs5500-mgbl-3.0.0.0-r622'),
    /ERROR! ncs5500-mgbl-3\.0\.0\.0-r622 has a dependency on ncs5500-xr-6\.2\.2 which is not active\n.*Install operation 2 aborted/,
  )
})

t.test('refuses while busy, and stops on request', async (t) => {
  const { session, router } = await setUp(t, 'ncs5500', { timing: { operationMs: 600_000 } })
  await session.run('install commit')
  t.equal(await session.run('show install request'), 'The install commit operation 1 is 1% complete')
  t.equal(
    await session.run(`install activate ${MGBL}`),
    'Could not start this install operation. Install operation 1 is still in progress',
  )
  const end = nextEnd(router)
  await session.run('install abort 1')
  t.equal((await end).state, 'aborted')
  await session.expect(/Install operation 1 aborted\n/)
  t.equal(router.state().operations.length, 1, 'a refused command gets no number')
})

t.test(
  'an operation goes on when its session ends, and is aborted when the session ends in a dialogue',
  async (t) => {
    const { port, session, router, repository } = await setUp(t)
    const asking = await telnetIn({ port })
    asking.send(`install add source sftp://lab@${repository.host}/ ${MGBL_FILE}\r`)
    await asking.expect(PASSWORD)
    const aborted = nextEnd(router)
    asking.end()
    t.equal((await aborted).state, 'aborted')
    const running = await telnetIn({ port })
    running.send(`install add source sftp://lab@${repository.host}/ ${MGBL_FILE} ${SMU}.x86_64.rpm\r`)
    await running.expect(PASSWORD)
    const ended = nextEnd(router)
    running.send('pa:ss@1\r')
    await running.expect(/in the background/)
    running.end()
    t.equal((await ended).state, 'succeeded')
    t.match(await session.run('show install inactive'), SMU)
    const confirming = await telnetIn({ port })
    confirming.send(`install activate ${SMU}\r`)
    await confirming.expect(QUESTION)
    const dropped = nextEnd(router)
    confirming.end()
    t.equal((await dropped).state, 'aborted')
    t.equal(router.counts().activate, 1)
  },
)

t.test('rollback and reload from the sysadmin plane', async (t) => {
  const { port, session, router, perform, add } = await setUp(t)
  await add([MGBL_FILE])
  await perform(`install activate ${MGBL}`)
  await perform('install rollback to committed')
  t.notOk(router.state().uncommitted)
  session.send('admin hw-module location all reload\r')
  await session.expect(/Reload hardware module \? \[no,yes\] /)
  session.send('no\r')
  await session.expect(EXEC)
  const up = nextUp(router)
  session.send('admin hw-module location all reload\r')
  await session.expect(/Reload hardware module \? \[no,yes\] /)
  session.send('yes\r')
  await session.expect(/result Card graceful reload request on all succeeded\./)
  await session.closed
  await up
  t.equal(router.counts().reload, 2)
  const ssh = await startRouter(t, 'ncs5500', 'ssh', { name: 'edge2' })
  const shell = await sshIn(ssh)
  const cut = nextUp(ssh.router)
  ssh.router.powerCycle()
  await shell.closed
  await cut
  t.ok((await telnetIn({ port })).rest() === '')
})

t.test('adds an rpm from a web server, and tells its refusals', async (t) => {
  const silent = 100
  const http = createHttpFetcher(silent)
  const { repository, router, session, perform } = await setUp(t, 'ncs5500', { fetchers: { http } })
  const content = await readFile(join(repository.root, MGBL_FILE))
  const asked: (string | undefined)[][] = []
  const answers: Record<string, RequestListener> = {
    none: (_request, response) => void response.writeHead(404).end('Not Found'),
    shut: (_request, response) => void response.writeHead(403).end('Forbidden'),
    elsewhere: (_request, response) => void response.writeHead(302, { location: '/' }).end(),
    broken: (_request, response) =>
      void response.writeHead(200, { 'content-length': 9 }).end('1234', () => response.destroy()),
    silent: (_request, response) => void response.writeHead(200, { 'content-length': 9 }).write('1234'),
    mute: () => undefined,
    good: (_request, response) => void response.writeHead(200).end(content),
  }
  const server = createServer((request, response) => {
    asked.push([request.method, basename(request.url ?? ''), request.headers.authorization])
    answers[(request.url ?? '').split('/')[1] ?? '']?.(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  t.teardown(() => server.closeAllConnections())
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const refusals = {
    none: 'The requested URL returned error: 404 Not Found',
    shut: 'The requested URL returned error: 403 Forbidden',
    elsewhere: 'Connection closed by remote host',
    broken: 'Connection closed by remote host',
    silent: 'Connection timed out',
    mute: 'Connection timed out',
  }
  for (const [directory, words] of Object.entries(refusals)) {
    const { output, operation } = await perform(`install add source http://${host}/${directory} ${MGBL_FILE}`)
    t.equal(operation.state, 'failed', directory)
    t.notMatch(output, /password/, 'nobody asks for a password')
    await session.expect(new RegExp(`ERROR! ${words}\\n[\\s\\S]*Install operation \\d+ aborted\\n`))
  }
  const refused = await perform(`install add source http://127.0.0.1:9/ ${MGBL_FILE}`)
  t.match(refused.output, /ERROR! % Connection refused by remote host\n/)
  asked.length = 0
  const { operation } = await perform(`install add source http://u:p%40@${host}/good/ ${MGBL_FILE}`)
  t.equal(operation.state, 'succeeded')
  t.same(router.state().inactive, [MGBL])
  t.same(asked, [['GET', MGBL_FILE, `Basic ${Buffer.from('u:p@').toString('base64')}`]], 'one request')
})

t.test('a classic router adds from no web server', async (t) => {
  const { port } = await startRouter(t, 'asr9k')
  const session = await quiet(await telnetIn({ port }))
  t.teardown(session.end)
  t.match(
    await session.run('admin install add source http://127.0.0.1:9/ asr9k-mcast-px.pie-5.3.3'),
    /could not be found|not found|Error/i,
  )
})
