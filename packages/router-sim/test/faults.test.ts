import { until } from '@slipway/test-kit'
import * as fc from 'fast-check'
import t from 'tap'
import { createRouter, demoPackages, FAMILIES, FAULT_KINDS, type Fault, hasSimCode } from '../src/index.ts'
import { mutationKind } from '../src/mutations.ts'
import { EXEC, refuses, ssh, sshIn, telnet, telnetIn } from './support/client.ts'
import { nextEnd, nextUp, startRouter } from './support/routers.ts'

t.test('counts every mutating command when its newline arrives, abbreviations included', async (t) => {
  const { router, port } = await startRouter(t, 'asr9k', 'telnet', {
    faults: [{ kind: 'drop', match: 'commit' }],
  })
  const session = await telnetIn({ port })
  await session.run('admin inst act nothing')
  session.send('install commit')
  t.equal(router.mutations.length, 1, 'not before the newline')
  session.send('\r')
  await session.closed
  t.same(
    router.mutations.map(({ seq, kind, text, session: id }) => [seq, kind, text, id]),
    [
      [1, 'activate', 'admin inst act nothing', 1],
      [2, 'commit', 'install commit', 1],
    ],
  )
  t.equal(router.state().operations.length, 1, 'the dropped command was not carried out')
  router.reset()
  t.equal(router.mutations.length, 0)
})

t.test('knows mutating commands from others', async (t) => {
  const expected = {
    'install add source x y': 'add',
    'admin install activate x async': 'activate',
    ' ADMIN  INSTALL rollback to committed': 'rollback',
    'install operation 3 stop': 'abort',
    'admin reload location all': 'reload',
    'hw-module location all reload': 'reload',
    'show install active': undefined,
    'admin show install log': undefined,
    '': undefined,
    'i a': undefined,
  }
  for (const [line, kind] of Object.entries(expected)) t.equal(mutationKind(line), kind, line)
})

t.test('tells which sessions changed a router in turns', async (t) => {
  const { router, port } = await startRouter(t, 'asr9k')
  const one = await telnetIn({ port })
  const two = await telnetIn({ port })
  await one.run('install commit')
  await two.run('install commit')
  t.same(router.overlaps(), [], 'one after the other')
  await one.run('install commit')
  t.same(router.overlaps(), [[1, 2]])
  const three = await telnetIn({ port })
  await three.run('show clock')
  three.end()
  await three.closed
  await until(() => router.sessionLog()[2]?.closedAt !== undefined, { message: 'the third has ended' })
  t.match(router.sessionLog(), [{ id: 1 }, { id: 2 }, { id: 3, openedAt: String, closedAt: String }])
  router.reset()
  t.same(
    router.sessionLog().map(({ id }) => id),
    [1, 2],
    'open ones stay',
  )
  t.same(router.overlaps(), [])
  t.same(router.transcript(), [], 'a transcript is kept only where it is asked for')
})

t.test('keeps what was received and said, in one order over all sessions', async (t) => {
  const { router, port } = await startRouter(t, 'ncs5500', 'ssh', { keepTranscript: true })
  const one = await sshIn({ port })
  await one.run('terminal length 0')
  const two = await sshIn({ port })
  await two.run('show clock')
  await one.run('install activate nothing-1.0.0.0')
  two.end()
  await until(() => router.transcript().some(({ what }) => what === 'closed'), { message: 'two has ended' })
  const told = router.transcript()
  t.same(
    told.map(({ seq }) => seq),
    told.map((_, index) => index + 1),
  )
  t.same(
    told.filter(({ what }) => what !== 'said').map(({ session, what, text }) => [session, what, text]),
    [
      [1, 'opened', undefined],
      [1, 'line', 'terminal length 0'],
      [2, 'opened', undefined],
      [2, 'line', 'show clock'],
      [1, 'line', 'install activate nothing-1.0.0.0'],
      [2, 'closed', undefined],
    ],
  )
  const said = (id: number) =>
    told.flatMap(({ session, text = '', what }) => (session === id && what === 'said' ? [text] : []))
  t.match(said(2).join(''), /^RP\/0\/RP0\/CPU0:edge1#show clock\r\n.* UTC\r\n[\s\S]*RP\/0\/RP0\/CPU0:edge1#$/)
  t.ok(said(1).length < 20, 'not an entry a character')
  router.reset()
  t.same(router.transcript(), [])
})

t.test('an operation that is hurried ends as it would have, with what lay on the disk', async (t) => {
  const [option] = demoPackages('asr9k').filter(({ kind }) => kind === 'option')
  const [fix] = demoPackages('asr9k').filter(({ kind }) => kind === 'smu')
  if (option === undefined || fix === undefined) throw new Error('no packages')
  const { router, port } = await startRouter(t, 'asr9k', 'telnet', {
    inactive: [option],
    uncommitted: [fix],
    timing: { operationMs: 60_000 },
  })
  t.match(router.state(), { uncommitted: true, inactive: [option.name] })
  const session = await telnetIn({ port })
  const end = nextEnd(router)
  await session.run(`admin install activate ${option.name} prompt-level none async`)
  router.hurry()
  t.match(await end, { state: 'succeeded' })
  t.ok(router.state().active.includes(option.name))
  router.hurry()
})

t.test('a session is cut at a command or after its output, the nth time', async (t) => {
  const { router, port } = await startRouter(t, 'ncs5500')
  router.setFaults([{ kind: 'drop', match: '^show clock$', nth: 2 }])
  const session = await telnetIn({ port })
  t.match(await session.run('show clock'), /UTC/)
  session.send('show clock\r')
  await session.closed
  t.notMatch(session.rest(), /UTC/)
  router.setFaults([{ kind: 'drop', match: 'show clock', after: 'output' }])
  const other = await telnetIn({ port })
  other.send('show clock\r')
  await other.expect(/UTC/)
  await other.closed
})

t.test('a command hangs, comes late, comes with garbage, or is rejected', async (t) => {
  const { router, port } = await startRouter(t, 'asr9k')
  router.setFaults([
    { kind: 'hang', match: 'show users' },
    { kind: 'slow', match: 'show clock', delayMs: 30 },
    { kind: 'garbage', match: 'show clock' },
    { kind: 'reject', match: 'show platform' },
    { kind: 'reject', match: 'show install', text: '% Permission denied' },
  ])
  const session = await telnetIn({ port })
  t.match(await session.run('show clock'), /\x1b\[2J[\s\S]*UTC/)
  t.equal(await session.run('show platform'), '% This command is not authorized')
  t.equal(await session.run('show install active'), '% Permission denied')
  session.send('show users\r')
  await session.expect(/show users\n/)
  const other = await telnetIn({ port })
  t.match(await other.run('show clock'), /UTC/, 'others are served')
  t.equal(session.rest(), '')
  session.end()
  other.end()
})

t.test('refuses right passwords, connections, and keeps silent', async (t) => {
  const { router, port } = await startRouter(t, 'ncs5500', 'ssh')
  router.setFaults([{ kind: 'wrong-password', times: 1 }])
  await t.rejects(ssh({ port }), /authentication/i)
  const session = await sshIn({ port })
  router.setFaults([{ kind: 'refuse' }])
  t.ok(await refuses({ port }))
  t.match(await session.run('show clock'), /UTC/, 'open sessions stay')
  t.equal(router.state().status, 'up')
  const open = nextUp(router)
  router.setFaults([{ kind: 'mute', nth: 1 }])
  await open
  const silent = telnet({ port })
  silent.send('anything\r')
  const fresh = await sshIn({ port })
  t.equal(silent.rest(), '')
  silent.end()
  fresh.end()
  session.end()
})

t.test('an operation fails half-way, finds the router busy, or a reload never ends', async (t) => {
  const { router, port } = await startRouter(t, 'asr9k')
  router.setFaults([
    { kind: 'abort', match: 'install commit', times: 1 },
    { kind: 'busy', match: 'activate' },
  ])
  const session = await telnetIn({ port })
  await session.run('terminal width 0')
  const end = nextEnd(router)
  t.match(
    await session.run('admin install commit'),
    /node 0\/RSP0\/CPU0 reported a failure during the load phase\.\n[\s\S]*failed at/,
  )
  t.equal((await end).state, 'failed')
  t.match(await session.run('admin install commit'), /completed successfully/)
  t.match(await session.run('install activate x'), /another install command is currently in operation/)
  t.equal(await session.run('show configuration failed startup').then((text) => text.split('\n').length), 1)
  router.setFaults([{ kind: 'stay-down' }, { kind: 'failed-startup' }])
  const down = new Promise((resolve) => router.once('reload', resolve))
  router.powerCycle()
  await down
  await session.closed
  t.ok(await refuses({ port }))
  const up = nextUp(router)
  router.setFaults([{ kind: 'failed-startup' }])
  await up
  const again = await telnetIn({ port })
  t.ok((await again.run('show configuration failed startup')).split('\n').length > 6)
  again.end()
})

t.test('refuses faults and options that make no sense', async (t) => {
  const { router } = await startRouter(t, 'asr9k')
  const wrong = [
    { kind: 'earthquake' },
    { kind: 'drop', match: '(' },
    { kind: 'drop', nth: -1 },
  ] as unknown as Fault[]
  for (const fault of wrong) {
    t.throws(() => router.setFaults([fault]), { code: 'SIM_FAULT_INVALID' })
  }
  t.same(router.faults(), [])
  t.ok(Object.values(FAULT_KINDS).length > 10)
  const options = { family: 'asr9k', protocol: 'telnet', user: 'u', password: 'p' } as const
  try {
    createRouter({ ...options, name: 'a b' })
    t.fail('a name with a blank')
  } catch (error) {
    t.ok(hasSimCode(error, 'SIM_OPTION_INVALID'))
  }
})

t.test('no bytes a client may send harm a router', async (t) => {
  for (const family of FAMILIES) {
    const { router, port } = await startRouter(t, family, 'telnet', { vtyLines: 200 })
    const words = [
      'show ',
      'admin ',
      'install ',
      'add ',
      'source ',
      'activate ',
      'id ',
      '| ',
      'inc ',
      '"',
      '?',
      '\t',
      '\x03',
    ]
    const bytes = fc.string({
      unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
      maxLength: 60,
    })
    const typed = fc.array(fc.oneof(fc.constantFrom(...words), bytes), { maxLength: 30 })
    await fc.assert(
      fc.asyncProperty(typed, async (parts) => {
        const session = await telnetIn({ port })
        session.send(parts.join('').replaceAll('exit', ''))
        session.end()
        await session.closed
      }),
      { numRuns: 40 },
    )
    // Answers to whatever question is open, then a fresh session shows that all is well.
    const session = await telnetIn({ port })
    t.match(await session.run('show clock'), /UTC/, family)
    t.equal(router.state().status, 'up')
    session.end()
  }
})

t.test('bytes typed into one live session are answered with a prompt in the end', async (t) => {
  const { port } = await startRouter(t, 'ncs5500')
  const printable = fc.string({ maxLength: 40 }).filter((text) => !/ex|en|qu|rel|hw|adm|ins/i.test(text))
  const session = await telnetIn({ port })
  await session.run('terminal length 0')
  await fc.assert(
    fc.asyncProperty(printable, async (line) => {
      session.send(`${line}\x15\r`)
      await session.expect(EXEC)
    }),
    { numRuns: 60 },
  )
  session.end()
})
