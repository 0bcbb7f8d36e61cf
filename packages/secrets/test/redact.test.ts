import fc from 'fast-check'
import t from 'tap'
import { isSecretName, REDACTED, redact, redactText } from '../src/index.ts'

t.test('hides values by the names of their keys, at any depth', (t) => {
  const value = {
    username: 'root',
    password: 'p1',
    host: { enable_password: 'p2', jumpHostPassword: 'p3', port: 22, name: 'R1' },
    headers: { authorization: 'Basic cDQ=', cookie: 'a=p5', 'x-auth-token': 'p6', accept: '*/*' },
    list: [{ secret: 'p7' }, { api_key: 'p8' }, { privateKey: 'p9' }],
    map: new Map([['token', 'p10']]),
    key: 'p11',
    credentials: { username: 'p12' },
  }
  const shown = JSON.stringify(redact(value))
  t.notMatch(shown, /p\d/)
  t.match(redact(value), { username: 'root', host: { port: 22, name: 'R1' }, headers: { accept: '*/*' } })
  t.end()
})

t.test('tells secret names from others', (t) => {
  const secret = [
    'password',
    'PASSWORD',
    'enablePassword',
    'host-password',
    'Set-Cookie',
    'master_key',
    'key',
    'jwt',
  ]
  const plain = [
    'username',
    'ordering_key',
    'keyboard',
    'monkey',
    'passed',
    'bypass',
    'tokenizer',
    'secretary',
    'kid',
  ]
  for (const name of secret) t.equal(isSecretName(name), true, name)
  for (const name of plain) t.equal(isSecretName(name), false, name)
  t.end()
})

t.test('keeps whether there was a secret at all', (t) => {
  const value = { password: '', token: null, secret: undefined, cookie: true, pin: 1234 }
  t.same(redact(value), { password: '', token: null, secret: undefined, cookie: true, pin: REDACTED })
  t.end()
})

t.test('finds secrets in text by their form', (t) => {
  const cases: [string, string][] = [
    ['sftp://lab:pw1@10.0.0.1/images', `sftp://lab:${REDACTED}@10.0.0.1/images`],
    ['ftp://lab:p/w@1@host/x', `ftp://lab:${REDACTED}@host/x`],
    ['postgresql://u:pw1@h:5432/db failed', `postgresql://u:${REDACTED}@h:5432/db failed`],
    ['Authorization: Basic cm9vdDpwdzE=', `Authorization: Basic ${REDACTED}`],
    ['sent Basic cm9vdDpwdzE= to it', `sent Basic ${REDACTED} to it`],
    ['Bearer abcdefgh12345678', `Bearer ${REDACTED}`],
    ['token eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJyb290In0.c2ln end', `token ${REDACTED} end`],
    ['password=pw1&x=1', `password=${REDACTED}&x=1`],
    ['enable_password: pw1, next', `enable_password: ${REDACTED}, next`],
    ['{"name":"R1","password":"p\\"w1","port":22}', `{"name":"R1","password":"${REDACTED}","port":22}`],
    ['"{\\"password\\":\\"pw1\\",\\"a\\":1}"', `"{\\"password\\":\\"${REDACTED}\\",\\"a\\":1}"`],
    ['"{\\"password\\":\\"p\\\\\\"w1\\",\\"a\\":1}"', `"{\\"password\\":\\"${REDACTED}\\",\\"a\\":1}"`],
    ['{"password":"pw1 cut off', `{"password":"${REDACTED}"`],
    ['username lab password 7 094F471A1A0A', `username lab password 7 ${REDACTED}`],
    ['secret 5 $1$abc$def', `secret 5 ${REDACTED}`],
    ['-----BEGIN OPENSSH PRIVATE KEY-----\npw1\n-----END OPENSSH PRIVATE KEY-----', REDACTED],
    ['-----BEGIN PRIVATE KEY-----\npw1 cut off', REDACTED],
  ]
  for (const [text, expected] of cases) t.equal(redactText(text), expected)
  t.end()
})

t.test('leaves ordinary text alone', (t) => {
  const texts = [
    'http://127.0.0.1:5000/download/a@b/file',
    'GET http://host:8080 200',
    'ssh://lab@10.0.0.1:22',
    'mail root@example.com',
    'Install operation 12 completed successfully at 10:15:02 UTC',
    'RP/0/RSP0/CPU0:R1#show install active summary',
    'asr9k-mini-px.pie-6.1.4',
    'tokens are checked; passwords are not shown',
  ]
  for (const text of texts) t.equal(redactText(text), text)
  t.end()
})

t.test('takes out known secrets in every form in which they travel', (t) => {
  const secret = 'p"w+d /1ö'
  const forms = [
    secret,
    encodeURIComponent(secret),
    JSON.stringify(secret),
    Buffer.from(secret).toString('base64'),
  ]
  for (const form of forms) t.ok(redactText(`x ${form} y`, [secret]).includes(REDACTED), form)
  fc.assert(
    fc.property(fc.string({ minLength: 4 }), fc.string(), fc.string(), (secret, before, after) => {
      if (REDACTED.includes(secret)) return true
      return !redactText(before + secret + after, [secret])
        .split(REDACTED)
        .some((part) => part.includes(secret))
    }),
  )
  t.end()
})

t.test('takes out short secrets as words only, the longer of two first, and no empty one', (t) => {
  t.equal(redactText('ab cab ab', ['ab']), `${REDACTED} cab ${REDACTED}`)
  t.equal(redactText('cisco123 cisco', ['cisco', 'cisco123']), `${REDACTED} ${REDACTED}`)
  t.equal(redactText('text', ['']), 'text')
  t.equal(redactText('a.b axb', ['a.b']), `${REDACTED} axb`)
  t.end()
})

t.test('errors keep what helps and lose what hurts', (t) => {
  const cause = Object.assign(new Error('login as lab with password=pw1'), { password: 'pw2' })
  const error = Object.assign(new Error('sftp://lab:pw3@h failed', { cause }), { code: 'DEVICE_AUTH_FAILED' })
  const shown = redact({ err: error, all: new AggregateError([cause], 'many') })
  t.notMatch(JSON.stringify(shown), /pw\d/)
  t.match(shown, {
    err: {
      name: 'Error',
      code: 'DEVICE_AUTH_FAILED',
      message: `sftp://lab:${REDACTED}@h failed`,
      stack: /redact\.test/,
      cause: { message: `login as lab with password=${REDACTED}` },
    },
    all: { errors: [{ name: 'Error' }] },
  })
  t.end()
})

t.test('does not touch what it is given, ends on cycles, and is bounded', (t) => {
  const cycle: Record<string, unknown> = { password: 'pw1' }
  cycle['self'] = cycle
  t.same(redact(cycle), { password: REDACTED, self: '[circular]' })
  t.equal(cycle['password'], 'pw1')
  const shared = { a: 1 }
  t.same(redact([shared, shared]), [{ a: 1 }, { a: 1 }])
  const deep = { a: { a: { a: { password: 'pw1' } } } }
  t.same(redact(deep, { depth: 2 }), { a: { a: '[truncated]' } })
  t.same(redact([1, 2, 3], { entries: 2 }), [1, 2, '[truncated]'])
  t.same(redact({ a: 1, b: 2 }, { entries: 1 }), { a: 1, '…': '[truncated]' })
  t.same(redact('x'.repeat(20), { characters: 5 }), 'xxxxx[truncated]')
  t.end()
})

t.test('every kind of value can be logged afterwards', (t) => {
  const value = {
    when: new Date('2026-01-02T03:04:05Z'),
    never: new Date(Number.NaN),
    url: new URL('http://u:pw1@h/'),
    bytes: Buffer.from('pw1'),
    big: 12n,
    fn: () => 'pw1',
    set: new Set(['a']),
    ['__proto__x']: 1,
  }
  t.same(redact(value), {
    when: '2026-01-02T03:04:05.000Z',
    never: 'Invalid Date',
    url: `http://u:${REDACTED}@h/`,
    bytes: '[3 bytes]',
    big: '12',
    fn: '[function]',
    set: ['a'],
    ['__proto__x']: 1,
  })
  const hostile = JSON.parse('{"__proto__":{"password":"pw1"},"a":1}')
  t.notMatch(JSON.stringify(redact(hostile)), /pw1/)
  t.equal(Object.getPrototypeOf(redact(hostile)), Object.prototype)
  fc.assert(fc.property(fc.anything(), (anything) => typeof JSON.stringify([redact(anything)]) === 'string'))
  t.end()
})

t.test('takes time in proportion to the text, whatever the text', (t) => {
  // Patterns that run wild on such text would not end within the test's time limit.
  const json = ['"password":"', '"password":', '\\"password\\":\\"', '\\"', '\\']
  const forms = [
    'a://',
    'a://x:y',
    'a.',
    'a-',
    'Basic aaaa',
    '-----BEGIN PRIVATE KEY-----',
    'eyJaaaaa.',
    'eyJ-',
  ]
  for (const piece of [...json, ...forms, 'password ', 'password', ' ', '=', 'secret 5 ']) {
    redactText(piece.repeat(20_000))
  }
  t.pass()
  t.end()
})
