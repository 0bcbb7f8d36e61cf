import fc from 'fast-check'
import t from 'tap'
import { storable, summarize } from '../src/actions/device-text.ts'
import { isLogOf, loggedIds } from '../src/actions/dialect.ts'
import { iosxrDialect } from '../src/actions/iosxr/dialect.ts'
import { iosxr64Dialect } from '../src/actions/iosxr64/dialect.ts'
import { isReached } from '../src/actions/operation-order.ts'
import {
  appeared,
  type Software,
  selectForActivate,
  selectForDeactivate,
  selectForRemove,
} from '../src/actions/selection.ts'
import { packageNames } from '../src/actions/software.ts'
import { type Repository, sourceOf, storeDirectory } from '../src/actions/source.ts'
import { restartSince } from '../src/actions/uptime.ts'
import { diffPage } from '../src/logs/capture-diff.ts'
import { archiveNames, captureName, uniqueName } from '../src/logs/log-names.ts'
import { leaseEndFrom, leaseHolds } from '../src/runs/lease.ts'
import { createProgress } from '../src/runs/progress.ts'
import { endingOf } from '../src/runs/run-ending.ts'

const repository = (given: Partial<Repository>): Repository => ({
  id: '00000000-0000-0000-0000-000000000000',
  name: 'Lab',
  serverType: 'SFTP',
  tftpServerPath: '',
  fileDirectory: '',
  serverAddress: '10.0.0.1',
  homeDirectory: '',
  vrf: '',
  username: '',
  password: '',
  destinationOnHost: '',
  devicePath: '',
  createdBy: '',
  ...given,
})

t.test('the source of an add follows the type of the repository', async (t) => {
  const url = (given: Partial<Repository>, directory = '', place: 'url' | 'prompt' = 'url') => {
    const source = sourceOf(repository(given), directory, place)
    return source.kind === 'url' ? source.url : `${source.remote} > ${source.destination}`
  }
  const login = { username: 'me', password: 'a:b@c/d?' }
  t.equal(url({ ...login, homeDirectory: '/img' }, 'x/y'), 'sftp://me:a%3Ab%40c%2Fd%3F@10.0.0.1/img/x/y')
  t.equal(url({ ...login, homeDirectory: '/img' }, '', 'prompt'), 'sftp://me@10.0.0.1/img')
  t.equal(url({ serverType: 'FTP', vrf: 'Mgmt', homeDirectory: 'pub' }), 'ftp://10.0.0.1;Mgmt/pub')
  t.equal(url({ ...login, serverType: 'FTP', vrf: 'M' }, '', 'prompt'), 'ftp://me@10.0.0.1;M')
  t.equal(
    url({ serverType: 'TFTP', tftpServerPath: '223.255.254.254/auto/tftpboot', vrf: 'Mgmt' }, 'd'),
    'tftp://223.255.254.254;Mgmt/auto/tftpboot/d',
  )
  t.equal(url({ serverType: 'TFTP', tftpServerPath: 'tftp://h/a/' }), 'tftp://h/a')
  t.equal(url({ serverType: 'LOCAL', devicePath: 'harddisk:' }, 'a/b'), 'harddisk:a/b')
  t.equal(url({ serverType: 'LOCAL', devicePath: '/misc/scratch' }, 'a'), '/misc/scratch/a')
  t.equal(url({ serverType: 'LOCAL', devicePath: 'disk0:' }), 'disk0:')
  t.equal(
    url({ ...login, serverType: 'SCP', homeDirectory: '/img', destinationOnHost: 'disk0:' }, 'x'),
    'me@10.0.0.1:/img/x > disk0:',
  )
  t.equal(url({ serverType: 'HTTP', homeDirectory: 'a' }), 'http://10.0.0.1/a')
  for (const given of [
    { serverType: 'SCP' as const },
    { serverType: 'LOCAL' as const },
    { serverType: 'TFTP' as const },
    { serverAddress: '' },
  ]) {
    t.throws(() => url(given), { code: 'ACTION_FAILED', message: /is not configured correctly/ })
  }
})

t.test('a repository is our own store if it leads there', async (t) => {
  const own = {
    serverType: 'HTTP' as const,
    serverAddress: 'slipway.example:5000',
    homeDirectory: '/download/xr',
  }
  const at = (given: Partial<Repository>, directory = '', publicUrl = 'http://Slipway.example:5000/') =>
    storeDirectory(repository({ ...own, ...given }), directory, publicUrl)
  t.equal(at({}), 'xr')
  t.equal(at({ homeDirectory: 'download/' }, 'xr/'), 'xr')
  t.equal(
    at({ serverAddress: 'SLIPWAY.example', homeDirectory: '/download/xr/' }, '', 'http://slipway.example'),
    'xr',
  )
  t.equal(at({ serverType: 'HTTPS', serverAddress: 'h:443' }, '', 'https://h'), 'xr')
  t.equal(at({ serverAddress: '[::1]:5000' }, '', 'http://[::1]:5000'), 'xr')
  for (const given of [
    { serverType: 'HTTPS' as const },
    { serverType: 'FTP' as const },
    { serverAddress: 'slipway.example' },
    { serverAddress: 'other:5000' },
    { serverAddress: 'not a host' },
    { homeDirectory: '/images/download' },
    { homeDirectory: '' },
  ]) {
    t.equal(at(given), undefined, JSON.stringify(given))
  }
  t.equal(storeDirectory(repository(own), '', undefined), undefined)
  for (const [homeDirectory, directory] of [
    ['/download', ''],
    ['/download/xr', 'deeper'],
  ] as const) {
    t.throws(() => at({ homeDirectory }, directory), {
      code: 'ACTION_FAILED',
      message: /no directory of distributions/,
    })
  }
})

t.test('a password never breaks out of its place in a URL', async () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 1 }), (raw) => {
      const password = raw.toString()
      if (Buffer.from(password).toString() !== password) return
      const source = sourceOf(repository({ username: 'u', password, homeDirectory: 'd' }), '', 'url')
      const match = source.kind === 'url' ? /^sftp:\/\/u:([^@:/?\s]*)@10\.0\.0\.1\/d$/.exec(source.url) : null
      return match !== null && decodeURIComponent(match[1] ?? '') === password
    }),
  )
})

const classic: Software = {
  inactive: [
    'disk0:asr9k-mcast-px-5.3.3',
    'disk0:asr9k-px-5.3.3.CSCuy81837-1.0.0',
    'disk0:asr9k-doc-px-5.3.3',
  ],
  active: ['disk0:asr9k-mini-px-5.3.3', 'disk0:asr9k-mgbl-px-5.3.3'],
  committed: ['disk0:asr9k-mini-px-5.3.3', 'disk0:asr9k-mgbl-px-5.3.3', 'disk0:asr9k-doc-px-5.3.3'],
}

t.test('activate takes names as distributed or as listed inactive', async (t) => {
  const select = (...given: string[]) => selectForActivate(given, classic, packageNames)
  t.same(select('asr9k-mcast-px.pie-5.3.3', 'asr9k-px-5.3.3.CSCuy81837.pie'), classic.inactive.slice(0, 2))
  t.same(select('asr9k-mcast-px-5.3.3', 'disk0:asr9k-mcast-px-5.3.3'), classic.inactive.slice(0, 1))
  t.same(select('asr9k-mgbl-px.pie-5.3.3'), [], 'what is active already is left out')
  t.throws(() => select('asr9k-mcast-px.pie-5.3.3', 'asr9k-bng-px.pie-5.3.3'), {
    code: 'ACTION_FAILED',
    message: "To be activated packages not in inactive packages list: 'asr9k-bng-px.pie-5.3.3'.",
  })
})

t.test('an image is known by its running name', async (t) => {
  const exr: Software = { inactive: ['ncs5500-mini-x-6.2.2'], active: ['ncs5500-xr-6.0.1'], committed: [] }
  t.same(selectForActivate(['ncs5500-mini-x.iso-6.2.2'], exr, packageNames), ['ncs5500-mini-x-6.2.2'])
  t.same(selectForActivate(['ncs5500-mini-x-6.0.1.iso'], exr, packageNames), [])
})

t.test('deactivate takes active names only', async (t) => {
  t.same(selectForDeactivate(['asr9k-mgbl-px-5.3.3'], classic, packageNames), ['disk0:asr9k-mgbl-px-5.3.3'])
  t.throws(() => selectForDeactivate(['asr9k-mcast-px-5.3.3'], classic, packageNames), {
    code: 'ACTION_FAILED',
  })
})

t.test('remove takes inactive names and patterns', async (t) => {
  const select = (...given: string[]) => selectForRemove(given, classic, packageNames)
  t.same(select('asr9k-mcast-px-5.3.3').chosen, ['disk0:asr9k-mcast-px-5.3.3'])
  t.same(select('*mcast*').chosen, ['disk0:asr9k-mcast-px-5.3.3'])
  t.same(select('disk0:*5.3.3*').chosen, classic.inactive.slice(0, 2), 'committed packages cannot go')
  t.same(select('*9.9.9*'), { chosen: [], absent: ['*9.9.9*'] })
  t.same(select('asr9k-bng-px-5.3.3').absent, ['asr9k-bng-px-5.3.3'])
  t.throws(() => select('asr9k-mgbl-px-5.3.3'), { message: /active cannot be removed/ })
})

t.test('changes are told without the device', async (t) => {
  t.same(appeared(['disk0:a-1'], ['disk0:b-1', 'a-1', 'disk0:b-1']), ['b-1'])
})

t.test('the log of an operation is told from a log that only mentions the command', async (t) => {
  const activate = [
    "Install operation 7 started by user 'root' via CLI at 04:42:17 UTC Sun Sep 20 2026.",
    '(admin) install activate disk0:a prompt-level none asynchronous',
    "Info:     Use the command '(admin) install commit' to make changes persistent.",
  ].join('\n')
  t.ok(isLogOf('activate', activate))
  t.notOk(isLogOf('commit', activate))
  t.notOk(isLogOf('deactivate', activate))
  t.ok(
    isLogOf(
      'add',
      'May 24 18:54:12 Install operation 12 started by root:\n  install add source sftp://x a.iso',
    ),
  )
  t.ok(isLogOf('remove', "Install operation 36 '(admin) install remove inactive' started by user 'root'"))
  t.same(
    loggedIds("Install operation 3 '(admin) x' started\nInstall operation 3 failed\nInstall operation 12 a"),
    [3, 12],
  )
})

t.test('answers to install commands are understood', async (t) => {
  const started = "Install operation 36 '(admin) install add' started by user 'root' via CLI at 01:14:44."
  t.same(iosxrDialect.answerTo(`${started}\nThe install operation will continue asynchronously.`), {
    kind: 'operation',
    operationId: 36,
  })
  t.same(iosxrDialect.answerTo(`${started}\nError:    no\nInstall operation 36 failed at 01:14:45`), {
    kind: 'refused',
  })
  t.same(iosxrDialect.answerTo('Error:    re-issue the command when the current operation has completed.'), {
    kind: 'busy',
  })
  t.same(iosxrDialect.answerTo(''), { kind: 'refused' })
  t.same(iosxr64Dialect.answerTo('This was a NO IMPACT OPERATION. Packages are already active on device.'), {
    kind: 'no-impact',
  })
  t.same(
    iosxr64Dialect.answerTo(
      'Could not start this install operation. Install operation 18 is still in progress',
    ),
    { kind: 'busy' },
  )
  t.same(iosxr64Dialect.answerTo('ERROR! there was an SU/ISSU done. please perform install commit before'), {
    kind: 'refused',
  })
  t.equal(
    iosxrDialect.reloadOf('    Install method: Parallel Reoload', 1),
    'unsure',
    'also as routers misspell it',
  )
  t.equal(iosxrDialect.reloadOf('    Install method: Parallel Process Restart', 1), 'none')
  const nodes = (...names: string[]) =>
    [
      'Info:     This operation will reload the following nodes in parallel:',
      ...names.map((name) => `Info:         ${name} (RP) (SDR: Owner)`),
    ].join('\n')
  t.equal(iosxrDialect.reloadOf(nodes('0/RSP0/CPU0', '0/0/CPU0'), 1), 'router')
  t.equal(iosxrDialect.reloadOf(nodes('0/0/CPU0'), 1), 'cards')
})

t.test('the aim of a command is read from the package lists', async (t) => {
  const reached = (kind: Parameters<typeof isReached>[0], ...targets: string[]) =>
    isReached(kind, { targets }, classic, packageNames)
  t.ok(reached('add', 'asr9k-mcast-px.pie-5.3.3'))
  t.notOk(reached('add', 'asr9k-bng-px.pie-5.3.3'))
  t.ok(reached('activate', 'disk0:asr9k-mgbl-px-5.3.3'))
  t.notOk(reached('activate', 'disk0:asr9k-mcast-px-5.3.3'))
  t.ok(reached('deactivate', 'disk0:asr9k-mcast-px-5.3.3'))
  t.ok(reached('remove', 'disk0:asr9k-bng-px-5.3.3'))
  t.notOk(reached('activate'), 'without targets nothing can be told')
  t.notOk(reached('commit'))
})

t.test('a restart shows in the uptime, or in the version', async (t) => {
  const restarted = (
    before: number | undefined,
    now: number | undefined,
    since: number,
    versions = '1 1',
  ) => {
    const [was, is] = versions.split(' ').map((version) => (version === '-' ? undefined : version))
    const baseline = {
      ...(before === undefined ? {} : { uptimeSeconds: before }),
      ...(was === undefined ? {} : { version: was }),
    }
    return restartSince(baseline, { uptimeSeconds: now, version: is }, since)
  }
  t.equal(restarted(86_400, 60, 300), 'yes')
  t.equal(restarted(86_400, 86_640, 300), 'no', 'whole minutes and drift are no restart')
  t.equal(restarted(60, 0, 3), 'unclear', 'it had only just booted')
  t.equal(restarted(60, 60, 600), 'yes')
  t.equal(restarted(undefined, 60, 300), 'unclear')
  t.equal(restarted(86_400, undefined, 300), 'unclear')
  t.equal(restarted(0, 240, 267, '5.3.3 6.1.4'), 'yes', 'it had only just booted, but runs another version')
  t.equal(restarted(0, 240, 267, '5.3.3 -'), 'unclear')
  t.equal(restarted(86_400, 86_640, 300, '5.3.3 6.1.4'), 'no', 'the uptime is asked first')
})

t.test('device texts become one sentence', async (t) => {
  const text =
    'x\nError:    Cannot proceed\nError:    with it.\nError:    Suggested steps to resolve this:\nError:     - do'
  t.equal(summarize(text), 'Cannot proceed with it.')
  t.equal(summarize("% Invalid input detected at '^' marker."), "Invalid input detected at '^' marker.")
  t.equal(summarize('one\n\ntwo\n'), 'two')
  t.equal(storable('a\0b'), 'ab')
})

t.test('file names of captures are harmless and unique', async (t) => {
  t.equal(captureName('show running-config'), 'show-running-config.txt')
  t.equal(captureName('../../etc/passwd'), 'etc-passwd.txt')
  t.equal(captureName('?'), 'command.txt')
  t.equal(uniqueName('a.txt', new Set(['A.txt', 'a-2.txt'])), 'a-3.txt')
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          attempt: fc.integer({ min: 1, max: 4 }),
          name: fc.constantFrom('session.log', 'a.txt', 'attempt-1-a.txt'),
        }),
      ),
      (files) => {
        const names = archiveNames(files).map(({ name }) => name.toLowerCase())
        return new Set(names).size === names.length
      },
    ),
  )
  const both = [
    { attempt: 1, name: 'session.log' },
    { attempt: 2, name: 'session.log' },
  ]
  t.same(
    archiveNames(both).map(({ name }) => name),
    ['session.log', 'attempt-1-session.log'],
  )
})

t.test('a lease holds only while both clocks agree', async (t) => {
  let monotonic = 1_000
  let wall = 50_000
  const clock = { monotonicMs: () => monotonic, now: () => new Date(wall) }
  const end = leaseEndFrom(clock, 30_000)
  t.ok(leaseHolds(clock, end, 5_000))
  monotonic += 24_999
  t.ok(leaseHolds(clock, end, 5_000))
  monotonic += 1
  t.notOk(leaseHolds(clock, end, 5_000))
  monotonic -= 20_000
  wall += 25_000
  t.notOk(leaseHolds(clock, end, 5_000), 'the machine slept')
})

t.test('progress is told at most once an interval and the last word always', async (t) => {
  const told: string[] = []
  const progress = createProgress(({ message }) => told.push(message), 60_000)
  for (const message of ['a', 'a', 'b', 'c']) progress.report({ message })
  t.same(told, ['a'])
  progress.close()
  t.same(told, ['a', 'c'])
})

t.test('a comparison shows what came and went, and nothing that could be a page', async (t) => {
  const text = (body: string) => ({ name: 'x.txt', text: body, at: '2026-11-21T00:00:00.000Z' })
  t.equal(await diffPage(text('same'), text('same')), undefined)
  const page = (await diffPage(text('a\n<b>\n'), text('a\n<script>\n'))) ?? ''
  t.match(page, 'Insertions: 1&nbsp;&nbsp;Deletions: 1')
  t.match(page, '<ins style="background:#e6ffe6;">&lt;script&gt;\n</ins>')
  t.notMatch(page, '<script>')
})

t.test('what was thrown decides how a run ends', async (t) => {
  const device = Object.assign(new Error('Authentication failed for me'), {
    code: 'DEVICE_AUTH_FAILED',
    deviceText: '% Authentication failed',
  })
  t.match(endingOf(device), {
    kind: 'result',
    result: {
      statusMessage: 'The device refused the login: Authentication failed for me',
      trace: '% Authentication failed',
    },
  })
  t.equal(endingOf(new Error('bug at /srv/x.ts')), undefined)
})
