import { connect } from 'node:net'
import t from 'tap'
import { EXEC, SYSADMIN, ssh, sshExec, sshIn, telnet, telnetIn } from './support/client.ts'
import { startRouter } from './support/routers.ts'

const TIME_LINE = /^\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d\.\d{3} UTC\n/

t.test('a Telnet log-in offers to echo, hides the password and greets with the prompt', async (t) => {
  const { port } = await startRouter(t, 'asr9k', 'telnet', { banner: 'router#\n--More--\nlogin: x' })
  const session = telnet({ port })
  const greeting = await session.expect(/Username: /)
  t.match(greeting, /\xff\xfb\x01/, 'WILL ECHO')
  t.match(greeting, /\xff\xfb\x03/, 'WILL SUPPRESS GO AHEAD')
  t.match(greeting, /--More--\nlogin: x\n/, 'the banner stands before the log-in')
  session.send('root\r')
  t.match(await session.expect(/Password: /), /^root\n/)
  session.send('lab\r\n')
  t.equal(await session.expect(EXEC), '\n\n\nRP/0/RSP0/CPU0:edge1#', 'nothing of the password is echoed')
  session.end()
})

t.test('refuses options it does not know and still answers', async (t) => {
  const { port } = await startRouter(t, 'asr9k')
  const session = telnet({ port })
  session.send('\xff\xfd\x01\xff\xfd\x27\xff\xfb\x22\xff\xfa\x18\x00vt220\xff\xf0')
  await session.expect(/\xff\xfc\x27/)
  await session.expect(/\xff\xfe\x22/)
  session.send('root\r\0')
  await session.expect(/root\n.*Password: /s)
  session.end()
})

t.test('three wrong passwords end the connection with the words of the device', async (t) => {
  const { port } = await startRouter(t, 'ncs5500')
  const session = telnet({ port })
  for (let tries = 0; tries < 3; tries += 1) {
    await session.expect(/Username: /)
    session.send('root\r')
    await session.expect(/Password: /)
    session.send('wrong\r')
    await session.expect(/% Authentication failed\n/)
  }
  await session.closed
  t.pass('closed')
})

t.test(
  'logs in over SSH by password and by keyboard-interactive, and refuses a wrong password',
  async (t) => {
    const { port } = await startRouter(t, 'ncs5500', 'ssh')
    for (const keyboard of [false, true]) {
      const session = await sshIn({ port }, { keyboard })
      t.match(await session.run('show clock'), /UTC/)
      session.end()
    }
    await t.rejects(sshIn({ port }, { password: 'wrong' }), /authentication/i)
  },
)

t.test('an SSH channel without terminal does not echo; a command alone prints only its output', async (t) => {
  const { port } = await startRouter(t, 'asr9k', 'ssh')
  const session = await ssh({ port }, { pty: false })
  await session.expect(EXEC)
  session.send('terminal exec prompt no-timestamp\r')
  t.notMatch(await session.expect(EXEC), /terminal exec/)
  session.end()
  const output = await sshExec({ port }, 'show version brief')
  t.match(output, /Version 5\.3\.3\[Default\]/)
  t.notMatch(output, /edge1#/)
})

t.test('echoes character by character and edits the line', async (t) => {
  const { port } = await startRouter(t, 'asr9k')
  const session = await telnetIn({ port })
  for (const char of 'show cloxk') {
    session.send(char)
    await session.expect(char === ' ' ? / / : new RegExp(char))
  }
  session.send('\x7f\x7f')
  t.equal(await session.expect(/\x08 \x08\x08 \x08/), '\b \b\b \b')
  session.send('ck\r')
  t.match(await session.expect(EXEC), /^ck\n/)
  session.send('garbage\x15show clock\r')
  t.match(await session.expect(EXEC), /UTC/)
  session.send('half a line\x03')
  t.match(await session.expect(EXEC), /\^C\n/)
  session.send('\x1b[A\r')
  t.match(await session.expect(EXEC), /show clock/, 'arrow up recalls')
  session.send('show cl\t\r')
  t.match(await session.expect(EXEC), /show clock \n/, 'Tab completes')
  session.end()
})

t.test('a question mark asks for help, unless Ctrl-V stands before it', async (t) => {
  const { port } = await startRouter(t, 'asr9k')
  const session = await telnetIn({ port })
  session.send('show redundancy ?')
  t.match(await session.expect(/location\n/), /summary/)
  t.match(await session.expect(/#show redundancy /), /#show redundancy $/, 'the line is shown again')
  session.send('\x15show \x16?\r')
  t.match(await session.expect(/marker\.\nRP\S+#/), /Invalid input/)
  session.end()
})

t.test('a line longer than the terminal scrolls behind a dollar sign; at width 0 it does not', async (t) => {
  const { port } = await startRouter(t, 'asr9k')
  const session = await telnetIn({ port })
  const long = `show install log ${'1'.repeat(80)}`
  session.send(`${long}\r`)
  t.match(await session.expect(EXEC), /\rRP\/0\/RSP0\/CPU0:edge1#\$1+/)
  await session.run('terminal width 0')
  session.send(`${long}\r`)
  t.notMatch(await session.expect(EXEC), /\$/)
  session.end()
})

t.test('refuses a line beyond the input buffer', async (t) => {
  const { port } = await startRouter(t, 'asr9k')
  const session = await telnetIn({ port })
  await session.run('terminal width 0')
  t.match(await session.run(`show ${'x'.repeat(2000)}`), /Error: input buffer overflow/)
  session.end()
})

t.test('pages until terminal length 0; space, Enter and q steer', async (t) => {
  const { port } = await startRouter(t, 'asr9k')
  const session = await telnetIn({ port })
  session.send('show version\r')
  const page = await session.expect(/ --More-- /)
  t.equal(page.split('\n').length - 2, 24, 'echo, time line and 23 lines of a page')
  session.send('\r')
  t.equal((await session.expect(/ --More-- /)).match(/\n/g)?.length, 1, 'Enter shows a line')
  session.send(' ')
  t.equal((await session.expect(/ --More-- /)).match(/\n/g)?.length, 23, 'space shows a page')
  session.send('q')
  t.notMatch(await session.expect(/RP\S+#/), /--More--/)
  await session.run('term len 0')
  t.notMatch(await session.run('show version'), /--More--/)
  session.end()
})

t.test('the window size of Telnet and the rows of an SSH terminal set the page', async (t) => {
  const { port } = await startRouter(t, 'asr9k')
  const session = await telnetIn({ port })
  session.send('\xff\xfb\x1f\xff\xfa\x1f\x00\xf0\x00\x0a\xff\xf0show version\r')
  t.equal((await session.expect(/ --More-- /)).split('\n').length - 2, 10)
  session.end()
  const other = await startRouter(t, 'asr9k', 'ssh')
  const shell = await sshIn(other, { pty: { rows: 10, cols: 120 } })
  shell.send('show version\r')
  t.equal((await shell.expect(/ --More-- /)).split('\n').length - 2, 10)
  shell.end()
})

t.test('prints the time before each output until told not to', async (t) => {
  const { port } = await startRouter(t, 'asr9k')
  const session = await telnetIn({ port })
  t.match(await session.run('show users'), TIME_LINE)
  t.notMatch(await session.run('show nonsense'), TIME_LINE, 'no time before a syntax error')
  await session.run('terminal exec prompt no-timestamp')
  t.notMatch(await session.run('show users'), TIME_LINE)
  session.end()
})

t.test('marks what it does not understand', async (t) => {
  const { port } = await startRouter(t, 'ncs5500')
  const session = await telnetIn({ port })
  await session.run('terminal exec prompt no-timestamp')
  const column = 'RP/0/RP0/CPU0:edge1#show version '.length
  t.equal(
    await session.run('show version brief'),
    `${' '.repeat(column)}^\n% Invalid input detected at '^' marker.`,
  )
  t.equal(await session.run('show'), '% Incomplete command.')
  t.equal(await session.run('show i'), '% Ambiguous command:  "i"')
  t.equal(
    await session.run('terminal length many'),
    `${' '.repeat(36)}^\n% Invalid input detected at '^' marker.`,
  )
  t.equal(await session.run('install add'), '% Incomplete command.')
  t.equal(await session.run('! a comment'), '')
  session.end()
})

t.test('abbreviations and pipes work', async (t) => {
  const { port } = await startRouter(t, 'asr9k')
  const session = await telnetIn({ port })
  await session.run('ter ex pr no')
  t.match(await session.run('sh ver b'), /Version 5\.3\.3/)
  t.equal(
    await session.run('show platform | include RSP1'),
    '0/RSP1/CPU0     A9K-RSP880-LT-SE(Standby) IOS XR RUN       PWR,NSHUT,MON',
  )
  t.match(await session.run('show platform | begin 0/0/CPU0'), /^0\/0\/CPU0/)
  t.notMatch(await session.run('show platform | exclude CPU0'), /CPU0/)
  t.match(await session.run('show run | utility egrep "^hostname|^end"'), /^hostname edge1\nend/)
  t.equal(await session.run('show run | include ['), '% Error parsing piping string. Quitting')
  session.end()
})

t.test('classic admin mode is entered, left, and used for one line', async (t) => {
  const { port } = await startRouter(t, 'asr9k')
  const session = await telnetIn({ port })
  await session.run('terminal exec prompt no-timestamp')
  session.send('admin\r')
  await session.expect(/\nRP\/0\/RSP0\/CPU0:edge1\(admin\)#/)
  t.match(await session.run('show platform'), /^Node +Type +State +Config State\n-+\n0\/RSP0\/CPU0 /)
  session.send('exit\r')
  await session.expect(/\nRP\/0\/RSP0\/CPU0:edge1#/)
  t.match(
    await session.run('admin show install active summary'),
    /Default Profile:\n {2}SDRs:\n {4}Owner\n {2}Active Packages:\n {4}disk0:asr9k-mini-px-5\.3\.3\n/,
  )
  t.equal(
    await session.run('admin show nothing'),
    `${' '.repeat(32)}^\n% Invalid input detected at '^' marker.`,
  )
  session.send('exit\r')
  await session.closed
})

t.test('the sysadmin plane of eXR has its own prompt, time, errors and inventory', async (t) => {
  const { port } = await startRouter(t, 'ncs5500')
  const session = await telnetIn({ port })
  await session.run('terminal exec prompt no-timestamp')
  t.equal(
    await session.run('admin', SYSADMIN),
    '\nroot connected from 127.0.0.1 using console on xr-vm_node0_RP0_CPU0',
  )
  const inventory = await session.run('show inventory chassis', SYSADMIN)
  t.match(
    inventory,
    /^\w{3} \w{3} {2}\d+ +[\d:.]+ UTC\n\n Name: Rack 0 {16}Descr: NCS5500 8 Slot Single Chassis\n PID: NCS-5508 {15}VID: V01 {19}SN: FGE1947\w+$/,
  )
  t.match(await session.run('show nothing', SYSADMIN), /-+\^\nsyntax error: expecting/)
  session.send('exit\r')
  await session.expect(EXEC)
  await session.run('terminal length 0')
  const oneLine = await session.run('admin show install active')
  t.match(
    oneLine,
    /^\nroot connected from 127\.0\.0\.1 using console on xr-vm_node0_RP0_CPU0\nsysadmin-vm:0_RP0# terminal length 0\n.* UTC\nsysadmin-vm:0_RP0# show install active\n.* UTC\n Node 0\/RP0 \[RP\]\n {4}Active Packages: 1\n {7}ncs5500-sysadmin-6\.0\.1 version=6\.0\.1 \[Boot image\]\n\n/,
  )
  t.match(oneLine, /\n\nsysadmin-vm:0_RP0#$/)
  session.end()
})

t.test('the bare admin command may ask for user and password', async (t) => {
  const { port } = await startRouter(t, 'ncs5500', 'telnet', { adminLogin: true })
  const session = await telnetIn({ port })
  const enter = async (password: string) => {
    session.send('admin\r')
    await session.expect(/Admin Username:/)
    session.send('root\r')
    await session.expect(/Password:/)
    session.send(`${password}\r`)
  }
  await enter('wrong')
  t.match(await session.expect(EXEC), /Authentication failed/)
  await enter('lab')
  await session.expect(SYSADMIN)
  session.end()
})

t.test('discovery finds what each family is', async (t) => {
  for (const [family, token, prompt] of [
    ['asr9k', /^cisco ASR9K Series \(Intel/m, 'RP/0/RSP0/CPU0:edge1#'],
    ['ncs5500', /^cisco NCS-5500 \(\) processor$/m, 'RP/0/RP0/CPU0:edge1#'],
    ['asr9k-x64', /^cisco ASR9K \(\) processor$/m, 'RP/0/RSP0/CPU0:edge1#'],
  ] as const) {
    const { port } = await startRouter(t, family)
    const session = telnet({ port })
    await session.expect(/Username: /)
    session.send('root\rlab\r')
    t.ok((await session.expect(EXEC)).endsWith(prompt), 'prompt; what was typed ahead counts')
    await session.run('terminal length 0')
    const version = await session.run('show version')
    t.match(version, token)
    t.equal(version.includes('Build Information:'), family !== 'asr9k')
    session.end()
  }
})

t.test('checks before and after an upgrade have what they look for', async (t) => {
  for (const family of ['asr9k', 'ncs5500'] as const) {
    const { port } = await startRouter(t, family)
    const session = await telnetIn({ port })
    await session.run('terminal length 0')
    await session.run('terminal exec prompt no-timestamp')
    t.equal((await session.run('cfs check')).match(/OK/g)?.length, 3)
    const redundancy = (await session.run('show redundancy location all')).split('\n').slice(0, 6).join('\n')
    t.match(redundancy, /is in STANDBY role\n.*is ready/)
    t.match(
      await session.run('show isis neighbor summary'),
      /IS-IS CORE neighbor summary:\n.*\n {2}Up +0 +4 +0\n/,
    )
    t.equal(await session.run('show configuration failed startup'), '')
    t.notMatch(await session.run('show logging last 500'), /error|Traceback|Core for pid/i)
    const config = await session.run('show running-config')
    t.ok(config.split('\n').length > 140, 'about 150 lines of configuration')
    t.match(config, /^Building configuration\.\.\.\n/)
    t.match(await session.run('show filesystem'), /\d+ +\d+ +flash-disk +rw {2}disk0:/)
    t.match(await session.run('dir disk0:'), /bytes total \(\d+ bytes free\)/)
    session.end()
  }
})

t.test('sessions share one router and see each other', async (t) => {
  const { port, router } = await startRouter(t, 'asr9k', 'telnet', { vtyLines: 2 })
  const first = await telnetIn({ port })
  const second = await telnetIn({ port })
  await first.run('terminal exec prompt no-timestamp')
  const users = await first.run('show users')
  t.match(users, /^\* {2}vty0 {12}root {17}telnet {7}0 {2}00:00:0\d {5}127\.0\.0\.1$/m)
  t.match(users, /^ {3}vty1 {12}root /m)
  const third = telnet({ port })
  await third.expect(/Username: /)
  third.send('root\rlab\r')
  await third.expect(/% All lines busy/)
  await third.closed
  t.equal(router.state().sessions.length, 2)
  first.end()
  second.end()
})

t.test('an idle session is closed', async (t) => {
  const { port } = await startRouter(t, 'asr9k', 'telnet', { timing: { idleMs: 50 } })
  const session = await telnetIn({ port })
  await session.closed
  t.pass('closed')
})

t.test('a client that breaks off in mid-line or resets leaves the router well', async (t) => {
  const { port } = await startRouter(t, 'asr9k')
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => undefined)
  await new Promise((resolve) => socket.once('data', resolve))
  socket.write('ro')
  socket.resetAndDestroy()
  const session = await telnetIn({ port })
  t.match(await session.run('show clock'), /UTC/)
  session.end()
})
