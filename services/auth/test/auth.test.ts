import { createPublicKey } from 'node:crypto'
import { hash, verify } from '@node-rs/argon2'
import { Value } from '@sinclair/typebox/value'
import {
  authEvents,
  authMessages,
  type Epoch,
  TokenClaims,
  tokenAudience,
  tokenIssuer,
} from '@slipway/contracts'
import { until } from '@slipway/test-kit'
import { createDecoder, createVerifier } from 'fast-jwt'
import t from 'tap'
import { createCredentialService } from '../src/credentials/credential-service.ts'
import { createPasswordHasher } from '../src/credentials/password-hasher.ts'
import { createThrottle } from '../src/credentials/throttle.ts'
import { createVerifiedPasswords } from '../src/credentials/verified-passwords.ts'
import { openDatabase } from '../src/database.ts'
import { createUserStore } from '../src/users/user-store.ts'
import { build } from './support.ts'

const login = (password: string, username = 'root', address = '10.0.0.1') => ({ username, password, address })
const right = login('correct horse')

t.test('the first start makes the admin root with the password that is configured', async (t) => {
  const running = await build(t)
  t.equal(running.service.initialAdmin, undefined)
  t.same(await running.ask(authMessages.verifyCredentials, right), { username: 'root', privilege: 'Admin' })
  t.same(await running.ask(authMessages.verifyCredentials, login('correct horse', 'ROOT')), {
    username: 'root',
    privilege: 'Admin',
  })
})

t.test('a generated password is handed over once and stands in no log and no table', async (t) => {
  const running = await build(t, {})
  const { initialAdmin } = running.service
  t.equal(initialAdmin?.username, 'root')
  const password = initialAdmin?.password ?? ''
  t.ok(password.length >= 20)
  await running.ask(authMessages.verifyCredentials, login(password))
  const second = await running.start({ adminPassword: 'another one' })
  t.equal(second.initialAdmin, undefined)
  t.equal((await running.start({})).initialAdmin, undefined)
  await t.rejects(running.ask(authMessages.verifyCredentials, login('another one')), {
    code: 'AUTH_UNAUTHENTICATED',
  })
  const tables = JSON.stringify([
    await running.sql('SELECT * FROM "user"'),
    await running.sql('SELECT * FROM signing_key'),
  ])
  t.notOk(tables.includes(password))
  t.notMatch(tables, /BEGIN (EC )?PRIVATE/)
  t.notOk(running.logged.join('').includes(password))
})

t.test('replicas that start at once make one admin and one key', async (t) => {
  const running = await build(t, {})
  await running.sql('TRUNCATE "user", signing_key')
  const started = await Promise.all([running.start({}), running.start({}), running.start({})])
  t.equal(started.filter(({ initialAdmin }) => initialAdmin !== undefined).length, 1)
  t.equal((await running.sql('SELECT 1 FROM "user"')).length, 1)
  t.equal((await running.sql('SELECT 1 FROM signing_key')).length, 1)
})

t.test('replicas count failed logins together, and forget them together', async (t) => {
  const { ask, bus, start, clock } = await build(t)
  await start()
  await start()
  let told = 0
  bus.subscribe(authEvents.loginCounted, () => {
    told += 1
  })
  const fail = async (times: number) => {
    for (let attempt = 0; attempt < times; attempt += 1) {
      await t.rejects(ask(authMessages.verifyCredentials, login('wrong')), { code: 'AUTH_UNAUTHENTICATED' })
    }
  }
  const attempts = () =>
    Promise.all(
      Array.from({ length: 12 }, () =>
        ask(authMessages.verifyCredentials, right).then(
          () => 'right',
          (error: { code: string }) => error.code,
        ),
      ),
    )
  await fail(9)
  await until(() => told === 9, { message: '9 were told' })
  await ask(authMessages.verifyCredentials, right)
  await until(() => told === 10, { message: '10 were told' })
  await fail(10)
  await until(() => told === 20, { message: '20 were told' })
  t.same([...new Set(await attempts())], ['AUTH_THROTTLED'], 'whichever replica is asked')
  clock.move(60_001)
  t.same([...new Set(await attempts())], ['right'])
})

t.test('unknown user, wrong password, inactive user and impossible names are answered alike', async (t) => {
  const running = await build(t)
  const errors: string[] = []
  const attempt = async (wrong: ReturnType<typeof login>) => {
    const error: unknown = await running.ask(authMessages.verifyCredentials, wrong).catch((error) => error)
    errors.push(JSON.stringify({ ...(error as object) }))
  }
  await attempt(login('wrong'))
  await attempt(login(''))
  await attempt(login('correct horse', 'nobody'))
  await attempt(login('correct horse', 'ro\0ot'))
  await attempt(login('correct horse', ''))
  await attempt(login('correct horse', 'root:'))
  await running.sql('UPDATE "user" SET active = false')
  running.clock.move(10_000)
  await attempt(right)
  t.equal(new Set(errors).size, 1)
  t.match(errors[0], 'AUTH_UNAUTHENTICATED')
})

t.test('whatever is wrong with a login, the same work is done before it is refused', async (t) => {
  const { db: at, sql, clock } = await build(t)
  const quiet = {
    debug: () => undefined,
    info: () => undefined,
    warn: () => undefined,
    error: () => undefined,
  }
  const db = openDatabase(at.url, quiet)
  t.teardown(() => db.$disconnect())
  let work: string[] = []
  const hasher = await createPasswordHasher({
    hash,
    verify(against, ...rest) {
      // `$argon2id$v=19$m=19456,t=2,p=1$salt$hash`: what it costs stands before the salt.
      work.push(String(against).split('$').slice(1, 4).join(' '))
      return verify(against, ...rest)
    },
  })
  const users = createUserStore(db)
  const credentials = createCredentialService({
    users: {
      find(key) {
        work.push('one look-up')
        return users.find(key)
      },
    },
    hasher,
    throttle: createThrottle(() => clock.monotonicMs()),
    verified: createVerifiedPasswords(() => clock.monotonicMs()),
  })
  const workOf = async (wrong: ReturnType<typeof login>) => {
    work = []
    const refused = credentials.verify(wrong, new AbortController().signal)
    await t.rejects(refused, { code: 'AUTH_UNAUTHENTICATED' }, wrong.username)
    return work
  }
  const usual = ['one look-up', 'argon2id v=19 m=19456,t=2,p=1']
  for (const wrong of [
    login('wrong'),
    login(''),
    login('correct horse', 'nobody'),
    login('correct horse', 'ro\0ot'),
    login('correct horse', ''),
    login('correct horse', 'root:'),
    login('correct horse', 'x'.repeat(10_000)),
  ]) {
    t.same(await workOf(wrong), usual, JSON.stringify(wrong).slice(0, 80))
  }
  await sql('UPDATE "user" SET active = false')
  t.same(await workOf(right), usual, 'inactive')
})

t.test('logins are counted by outcome, never by who', async (t) => {
  const { ask, metrics } = await build(t)
  await ask(authMessages.verifyCredentials, right)
  await ask(authMessages.issueToken, right)
  for (let attempt = 0; attempt < 10; attempt += 1) {
    await t.rejects(ask(authMessages.verifyCredentials, login('wrong')), { code: 'AUTH_UNAUTHENTICATED' })
  }
  await t.rejects(ask(authMessages.verifyCredentials, right), { code: 'AUTH_THROTTLED' })
  const counted = await metrics.getSingleMetric('slipway_auth_logins_total')?.get()
  t.same(
    counted?.values.map(({ labels, value }) => [labels, value]),
    [
      [{ outcome: 'accepted' }, 2],
      [{ outcome: 'refused' }, 10],
      [{ outcome: 'throttled' }, 1],
    ],
  )
})

t.test('issues tokens that its public key verifies', async (t) => {
  const running = await build(t)
  const { token, expiresAt } = await running.ask(authMessages.issueToken, right)
  const { keys, issuer, audience } = await running.ask(authMessages.listKeys, {})
  t.same([issuer, audience, keys.length], [tokenIssuer, tokenAudience, 1])
  const { header } = createDecoder({ complete: true })(token) as { header: object }
  t.match(header, { alg: 'ES256', kid: keys[0]?.kid })
  const key = keys[0]?.pem ?? ''
  t.equal(createPublicKey(key).asymmetricKeyDetails?.namedCurve, 'prime256v1')
  const verify = createVerifier({
    key,
    algorithms: ['ES256'],
    allowedIss: tokenIssuer,
    allowedAud: tokenAudience,
  })
  const claims: unknown = verify(token)
  t.ok(Value.Check(TokenClaims, claims))
  t.match(claims, { sub: 'root', privilege: 'Admin', epoch: 1 })
  const { iat, exp, jti } = Value.Cast(TokenClaims, claims)
  t.equal(exp - iat, 3_600)
  t.equal(exp * 1_000, Date.parse(expiresAt))
  const again = await running.ask(authMessages.issueToken, right)
  t.not(Value.Cast(TokenClaims, verify(again.token)).jti, jti)
  await t.rejects(running.ask(authMessages.issueToken, login('wrong')), { code: 'AUTH_UNAUTHENTICATED' })
})

t.test('an old key verifies for two hours after it was replaced', async (t) => {
  const running = await build(t)
  const kids = async () => (await running.ask(authMessages.listKeys, {})).keys.map(({ kid }) => kid)
  const kidOf = async () => {
    const { token } = await running.ask(authMessages.issueToken, right)
    return (createDecoder({ complete: true })(token) as { header: { kid: string } }).header.kid
  }
  const [first] = await kids()
  running.clock.move(24 * 3_600_000 - 1)
  await running.start()
  t.same(await kids(), [first])
  running.clock.move(1)
  const rotated = new Promise<string>((resolve) => {
    running.bus.subscribe(authEvents.keyRotated, ({ kid }) => resolve(kid))
  })
  await running.start()
  const second = await rotated
  t.same(await kids(), [second, first])
  t.equal(await kidOf(), second)
  running.clock.move(2 * 3_600_000 + 1)
  t.same(await kids(), [second])
  running.clock.move(22 * 3_600_000)
  await running.start()
  t.equal((await running.sql('SELECT 1 FROM signing_key')).length, 2, 'keys long retired are removed')
})

t.test('a signing key that was sealed with an unknown master key is replaced', async (t) => {
  const running = await build(t)
  await running.service.stop()
  const other = `k9:${Buffer.alloc(32, 9).toString('base64')}`
  await running.start({ masterKey: other })
  const { keys } = await running.ask(authMessages.listKeys, {})
  t.equal(keys.length, 2)
  await running.ask(authMessages.issueToken, right)
  t.match(running.logged.join(''), 'the signing key cannot be opened')
})

t.test('a changed user is known to everybody: epoch, event, forgotten password', async (t) => {
  const running = await build(t)
  await running.ask(authMessages.verifyCredentials, right)
  const heard = new Promise<Epoch>((resolve) => {
    running.bus.subscribe(authEvents.userChanged, (epoch) => resolve(epoch))
  })
  const change = (row: object) =>
    running.ask(authMessages.upsertUsers, { rows: [{ username: 'Root', ...row }] })
  // Another replica may answer, and this one has to forget the password all the same.
  await running.start()
  t.same(await change({ password: 'battery staple' }), { rows: [{ key: 'root' }] })
  t.match(await heard, { username: 'root', epoch: 2, active: true })
  await t.rejects(running.ask(authMessages.verifyCredentials, right), { code: 'AUTH_UNAUTHENTICATED' })
  await running.ask(authMessages.verifyCredentials, login('battery staple'))
  t.match((await running.ask(authMessages.listEpochs, {})).epochs, [
    { username: 'root', epoch: 2, active: true },
  ])
  await change({ fullname: 'The Root' })
  t.match((await running.ask(authMessages.listEpochs, {})).epochs, [{ epoch: 2 }])
  running.clock.move(2 * 3_600_000)
  t.same((await running.ask(authMessages.listEpochs, {})).epochs, [])
})

t.test(
  'after ten wrong passwords an account is closed at this address, also for the right one',
  async (t) => {
    const running = await build(t)
    // All at once: what waits for its turn is stopped at the limit as well.
    const answers = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) =>
        running.ask(authMessages.verifyCredentials, login(`wrong-${index}`)),
      ),
    )
    const codes = answers.map((answer) => (answer.status === 'rejected' ? answer.reason.code : 'none'))
    const unauthenticated = codes.filter((code) => code === 'AUTH_UNAUTHENTICATED').length
    t.ok(unauthenticated >= 10 && unauthenticated <= 11, `${unauthenticated}`)
    await t.rejects(running.ask(authMessages.verifyCredentials, right), {
      code: 'AUTH_THROTTLED',
      params: [60],
    })
    await running.ask(authMessages.verifyCredentials, login('correct horse', 'root', '10.0.0.2'))
    running.clock.move(60_000)
    await running.ask(authMessages.verifyCredentials, right)
  },
)

t.test('many requests with the right password cost one verification', async (t) => {
  const running = await build(t)
  const db = openDatabase(running.db.url, {
    ...{ debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
  })
  t.teardown(() => db.$disconnect())
  const hasher = await createPasswordHasher()
  let verifications = 0
  const credentials = createCredentialService({
    users: createUserStore(db),
    hasher: {
      inTurn: (signal, work) =>
        hasher.inTurn(signal, (matches) =>
          work((hash, password) => {
            verifications += 1
            return matches(hash, password)
          }),
        ),
    },
    throttle: createThrottle(() => 0),
    verified: createVerifiedPasswords(() => 0),
  })
  const verify = () => credentials.verify(right, new AbortController().signal)
  await Promise.all(Array.from({ length: 50 }, verify))
  t.ok(verifications <= 2, `${verifications}`)
})
