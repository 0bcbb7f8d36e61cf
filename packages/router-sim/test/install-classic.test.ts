import t, { type Test } from 'tap'
import { DEMO_TAR, type RouterOptions } from '../src/index.ts'
import { type Conversation, EXEC, refuses, sshIn, telnetIn } from './support/client.ts'
import { nextEnd, nextUp, startRepository, startRouter } from './support/routers.ts'

const MCAST = 'disk0:asr9k-mcast-px-5.3.3'
const SMU = 'disk0:asr9k-px-5.3.3.CSCuy81837-1.0.0'
const STARTED = /^Install operation (\d+) '\(admin\) /m

async function quiet(session: Conversation): Promise<Conversation> {
  for (const command of ['terminal exec prompt no-timestamp', 'terminal length 0', 'terminal width 0']) {
    await session.run(command)
  }
  return session
}

/** A router, a repository and a session; `url` has the password in it, as classic XR takes it. */
async function setUp(t: Test, options: Partial<RouterOptions> = {}, protocol: 'telnet' | 'ssh' = 'telnet') {
  const repository = await startRepository(t, ['asr9k', 'ncs5500'])
  const { router, port } = await startRouter(t, 'asr9k', protocol, options)
  const session = await quiet(await (protocol === 'telnet' ? telnetIn({ port }) : sshIn({ port })))
  t.teardown(session.end)
  const url = `sftp://lab:pa%3ass%401@${repository.host}/`
  /** Runs an operation to its end. */
  const perform = async (command: string) => {
    const end = nextEnd(router)
    const output = await session.run(command)
    return { output, operation: await end }
  }
  const add = (...files: string[]) => perform(`admin install add source ${url} ${files.join(' ')} async`)
  return { repository, router, port, session, url, perform, add }
}

t.test('adds packages from the repository and says so after the prompt', async (t) => {
  const { repository, router, session, add } = await setUp(t)
  const { output, operation } = await add('asr9k-mcast-px.pie-5.3.3', 'asr9k-px-5.3.3.CSCuy81837.pie')
  t.match(output, STARTED)
  t.match(output, /started by user 'root' via CLI at \d\d:\d\d:\d\d UTC \w{3} \w{3} \d\d \d{4}\.\n/)
  t.match(output, /\nThe install operation will continue asynchronously\.$/)
  t.match(output, /\/sftp:\/\/lab:\*\*\*\*\*\*@127\.0\.0\.1/, 'the password is masked')
  t.equal(operation.state, 'succeeded')
  const news = await session.expect(/Install operation 1 completed successfully at .*\.\n/)
  t.match(
    news,
    /^Info: {5}The following packages are now available to be activated:\nInfo:\nInfo: {9}disk0:asr9k-mcast-px-5\.3\.3\n/,
  )
  t.match(
    await session.run('admin show install inactive summary'),
    new RegExp(`  Inactive Packages:\n    ${MCAST}\n    ${SMU}$`),
  )
  t.match(
    await session.run('show install log 1 detail'),
    /\nInstall logs:\n {4}Install operation 1 '.*\n {4}Info: /,
  )
  t.same(repository.repository.counts().downloads, {
    '/asr9k-mcast-px.pie-5.3.3': 1,
    '/asr9k-px-5.3.3.CSCuy81837.pie': 1,
  })
  t.same(
    router.mutations.map(({ kind, user, session: id }) => [kind, user, id]),
    [['add', 'root', 1]],
  )
  t.match(router.mutations[0]?.text, /^admin install add source sftp:\/\/lab:pa%3ass%401@.* async$/)
})

t.test('shows the request with its percentage, and refuses another operation meanwhile', async (t) => {
  const { session, router, url } = await setUp(t, { timing: { operationMs: 600_000 } })
  t.equal(await session.run('admin show install request'), 'There are no install requests in operation.')
  await session.run(`install add source ${url} asr9k-mcast-px.pie-5.3.3 async`)
  t.match(
    await session.run('admin show install request'),
    /^Install operation 1 '[^\n]*\nThe operation is 1% complete\n/,
  )
  const refused = await session.run(`admin install add source ${url} x.pie async`)
  t.match(
    refused,
    /^Error: {4}Cannot proceed with the operation as another install command is currently in operation\.\n/,
  )
  t.match(refused, /^Error: {5}- re-issue the command when the current operation has completed\.$/m)
  t.equal(router.state().operations.length, 1, 'the refused command got no operation')
  t.same(router.counts().add, 2, 'but was counted')
  const end = nextEnd(router)
  t.equal(await session.run('admin install operation 1 stop'), '')
  t.equal((await end).state, 'aborted')
  await session.expect(
    /Error: {4}The operation has been aborted by the user\.\nInstall operation 1 failed at .*\n/,
  )
  t.equal(await session.run('admin install abort'), 'There are no install requests in operation.')
  t.same(router.counts().abort, 2)
})

t.test('install texts are wrapped to the width of the terminal', async (t) => {
  const { session } = await setUp(t)
  await session.run('terminal width 80')
  const output = await session.run('admin install remove disk0:asr9k-mgbl-px-5.3.3 prompt-level none async')
  t.match(
    output,
    /^Error: {4}Cannot proceed with the remove operation because there are no\nError: {4}packages that can be removed\./m,
  )
})

t.test('tells each failure of an add in the words of the device', async (t) => {
  const { session, repository, perform, add, router } = await setUp(t, { diskBytes: 1_800_000_000 })
  const url = (login: string, host = repository.host) => `sftp://${login}@${host}/`
  const failing = async (command: string) => {
    const { operation } = await perform(command)
    t.equal(operation.state, 'failed', command)
    return session.expect(/Install operation \d+ failed at .*\.\n/)
  }
  t.match(
    await failing(`install add source ${url('lab:wrong')} a.pie async`),
    /Permission denied, please try again\./,
  )
  t.match(
    await failing(`install add source ${url('lab:pa%3ass%401')} a.pie async`),
    /Cannot proceed with the add operation because the pie '\/sftp:\/\/lab:\*{6}@127\.0\.0\.1:\d+\/a\.pie' could not be found\.\nError: {4}Suggested steps to resolve this:\nError: {5}- check the name of the pie\./,
  )
  t.match(
    await failing(`install add source ${url('lab:x', '127.0.0.1:9')} a.pie async`),
    /% Connection refused by remote host/,
  )
  const wrong = await add('ncs5500-mini-x-6.2.2.iso')
  t.equal(wrong.operation.state, 'failed')
  t.match(await session.expect(/failed at/), /not compatible with this platform/)
  await add('asr9k-mini-px.pie-6.1.4')
  t.match(
    await session.expect(/failed at/),
    /insufficient disk space on the following devices: 0\/RSP0\/CPU0: disk0: \(\d+ bytes required, \d+ bytes available\)/,
  )
  router.setFaults([{ kind: 'disk-full', match: 'install add' }])
  await add('asr9k-mcast-px.pie-5.3.3')
  t.match(await session.expect(/failed at/), /insufficient disk space on the following devices/, 'by a fault')
  router.setFaults([])
  const local = await session.run('admin install add source disk0: missing.pie async')
  t.match(local, /'\/disk0:\/missing\.pie' could not be found\.[\s\S]*Install operation \d+ failed at/)
  t.equal(router.state().inactive.length, 0)
})

t.test('activates without reload, commits, deactivates and removes', async (t) => {
  const { session, router, perform, add } = await setUp(t)
  await add('asr9k-mcast-px.pie-5.3.3')
  const activated = await perform(`admin install activate ${MCAST} prompt-level none async`)
  t.match(activated.output, /\nInfo: {5}Install Method: Parallel Process Restart\n/)
  t.notMatch(activated.output, /reload/)
  t.match(
    await session.run('admin show install log 2 detail'),
    /Summary:\n {4}Sub-operation 1:\n.*\n {4}Install method: Parallel Process Restart\n/,
  )
  t.ok(router.state().uncommitted)
  t.match(await session.run('admin show install active summary'), MCAST)
  t.notMatch(await session.run('admin show install committed summary'), MCAST)

  t.match(
    await session.run(`admin install activate ${MCAST} prompt-level none async`),
    /already active on the router:\nError:.*\nError: {7}disk0:asr9k-mcast-px-5\.3\.3\n[\s\S]*Install operation 3 failed at/,
  )
  const commit = await session.run('admin install commit')
  t.match(commit, /^Install operation 4 '\(admin\) install commit' started by/)
  t.match(commit, /% complete: The operation can no longer be aborted \(ctrl-c for options\)\r/)
  t.match(commit, /\nInstall operation 4 completed successfully at .*\.$/, 'the commit is synchronous')
  t.notOk(router.state().uncommitted)

  t.match(
    await session.run(`admin install remove ${MCAST} prompt-level none async`),
    /there are no packages that can be removed/,
  )
  await perform(`admin install deactivate ${MCAST} prompt-level none async`)
  t.same(router.state().inactive, ['asr9k-mcast-px-5.3.3'])
  t.match(
    await session.run(`admin install remove ${MCAST} prompt-level none async`),
    /Install operation 7 failed/,
    'still committed',
  )
  await perform('admin install commit async')
  await perform('admin install remove disk0:*mcast* prompt-level none async')
  t.same(router.state().inactive, [])
  t.same(router.counts(), {
    add: 1,
    activate: 2,
    deactivate: 1,
    commit: 2,
    remove: 3,
    rollback: 0,
    abort: 0,
    reload: 0,
  })
})

t.test(
  'a fix that needs a reload cuts all sessions, refuses connections and comes back uncommitted',
  async (t) => {
    const { port, session, router, perform, add } = await setUp(t)
    const other = await telnetIn({ port })
    await add('asr9k-px-5.3.3.CSCuy81837.pie')
    const up = nextUp(router)
    const down = new Promise((resolve) => router.once('reload', resolve))
    const { output } = await perform(`admin install activate ${SMU} prompt-level none async`)
    t.match(
      output,
      /Info: {5}Install Method: Parallel Reload\n'prompt-level none' specified\. Proceeding with operation\.\nInfo: {5}This operation will reload the following nodes in parallel:\nInfo: {9}0\/RSP0\/CPU0 \(RP\) \(SDR: Owner\)\n/,
    )
    t.notOk(router.state().active.includes('asr9k-px-5.3.3.CSCuy81837-1.0.0'), 'not before the boot')
    await down
    await Promise.all([session.closed, other.closed])
    t.ok(await refuses({ port }), 'the port refuses')
    await up
    const again = await quiet(await telnetIn({ port }))
    t.match(await again.run('show version brief'), /uptime is 0 minutes/)
    t.match(await again.run('admin show install active summary'), SMU)
    t.match(await again.run('admin show install log 2'), /Install operation 2 completed successfully/)
    const lost = nextUp(router)
    router.powerCycle()
    await lost
    t.same(router.state().inactive, ['asr9k-px-5.3.3.CSCuy81837-1.0.0'], 'the uncommitted change is lost')
    t.equal(router.state().reloads, 2)
  },
)

t.test('a complete upgrade from a tar by operation id brings another release', async (t) => {
  const { port, router, perform, add } = await setUp(t, {}, 'ssh')
  const { operation } = await add(DEMO_TAR)
  t.equal(operation.packages.length, 5)
  const up = nextUp(router)
  await perform('admin install activate id 1 prompt-level none async')
  await up
  const session = await quiet(await sshIn({ port }))
  t.match(await session.run('show version brief'), /Version 6\.1\.4\[Default\]/)
  t.equal((await session.run('admin install commit')).match(/completed successfully/)?.length, 1)
  t.match(await session.run('admin show install inactive summary'), /disk0:asr9k-mini-px-5\.3\.3/)
  session.send('admin install remove inactive async\r')
  await session.expect(/Proceed with removing these packages\? \[confirm\]/)
  const end = nextEnd(router)
  session.send('Y\r\n')
  t.equal(
    await session.expect(EXEC),
    '\nThe install operation will continue asynchronously.\nRP/0/RSP0/CPU0:edge1#',
  )
  await end
  t.same(router.state().inactive, [])
  session.end()
})

t.test('refuses an upgrade that forgets an option, and everything at once it accepts', async (t) => {
  const { repository, router, session, perform, add } = await setUp(t)
  await add(...(repository.packages.asr9k ?? []))
  const alone = await session.run('admin install activate disk0:asr9k-mini-px-6.1.4 prompt-level none async')
  t.match(
    alone,
    /package incompatibilities:\nError: {7}asr9k-k9sec-px-5\.3\.3 needs asr9k-mini-px-5\.3\.3, or equivalent, to be active on the same nodes\.\n/,
  )
  t.match(
    await session.run('admin install activate disk0:asr9k-mcast-px-6.1.4 prompt-level none async'),
    /asr9k-mcast-px-6\.1\.4 needs asr9k-mini-px-6\.1\.4/,
  )
  t.match(
    await session.run('admin install deactivate disk0:asr9k-mini-px-5.3.3 prompt-level none async'),
    /needs asr9k-mini-px-5\.3\.3/,
  )
  t.match(
    await session.run('admin install activate disk0:nothing-1.0 prompt-level none async'),
    /could not be found on the router/,
  )
  const up = nextUp(router)
  const all = router.state().inactive.map((name) => `disk0:${name}`)
  const { output } = await perform(`admin install activate ${all.join(' ')} prompt-level none async`)
  t.match(output, /Info: {5}Sub-operation 1:\nInfo: {9}Install Method: Parallel Reload\n/)
  t.match(output, /some SMU package\(s\) are fully\/partially superceded/)
  await up
  t.equal(router.state().release, '6.1.4')
  t.notOk(router.state().active.some((name) => name.includes('5.3.3')))
})

t.test('asks before a reload unless told not to, and aborts on n', async (t) => {
  const { session, add } = await setUp(t)
  await add('asr9k-px-5.3.3.CSCuy81837.pie')
  session.send(`admin install activate ${SMU} async\r`)
  await session.expect(/Proceed with this install operation \(y\/n\)\? \[y\] /)
  session.send('n')
  t.match(await session.expect(EXEC), /aborted by the user\.\nInstall operation 2 failed at/)
})

t.test('rolls back to the committed software', async (t) => {
  const { session, router, perform, add } = await setUp(t)
  await add('asr9k-mcast-px.pie-5.3.3')
  const rollback = 'admin install rollback to committed prompt-level none asynchronous'
  t.match(await session.run(rollback), /failed at/)
  await perform(`admin install activate ${MCAST} prompt-level none async`)
  t.ok(router.state().uncommitted)
  await perform(rollback)
  t.notOk(router.state().uncommitted)
})

t.test('finds the next operation number in the reversed log', async (t) => {
  const { session, add } = await setUp(t)
  const command = 'admin show install log reverse | utility egrep "Install operation [0-9]+ started"'
  t.equal(await session.run(command), 'No log information')
  await add('asr9k-mcast-px.pie-5.3.3')
  await add('asr9k-mcast-px.pie-5.3.3')
  t.match(
    await session.run(command),
    /^Install operation 2 started by user 'root' via CLI at .*\nInstall operation 1 started/,
  )
  t.match(
    await session.run('show install log 2 detail'),
    /already present on the router and have been skipped/,
  )
})

t.test('reload asks about uncommitted software and reloads the committed one', async (t) => {
  const { session, router, perform, add } = await setUp(t)
  await add('asr9k-mcast-px.pie-5.3.3')
  await perform(`admin install activate ${MCAST} prompt-level none async`)
  session.send('admin reload location all\r')
  await session.expect(/Some active software packages are not yet committed\. Proceed\?\[confirm\]/)
  session.send('n')
  await session.expect(EXEC)
  session.send('reload\r')
  await session.expect(/Proceed\?\[confirm\]/)
  session.send('y')
  await session.expect(/Preparing system for backup\.[\s\S]*\[Done\]\nProceed with reload\? \[confirm\]/)
  const up = nextUp(router)
  session.send('\r')
  await session.closed
  await up
  t.same(router.state().inactive, ['asr9k-mcast-px-5.3.3'])
  t.equal(router.counts().reload, 2)
})
