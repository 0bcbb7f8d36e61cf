// Users: what rows come to, what becomes of tokens and passwords, and who must always be left.
import { authEvents, authMessages, type Caller, type Epoch, type UserInput } from '@slipway/contracts'
import t from 'tap'
import { admin, build, type Running } from './support.ts'

const secret = 'a long enough password'
const login = (username: string, password = secret, address = '10.0.0.1') => ({ username, password, address })
const upsert = async (running: Running, ...rows: UserInput[]) =>
  (await running.ask(authMessages.upsertUsers, { rows })).rows
const errors = async (running: Running, ...rows: UserInput[]) =>
  (await upsert(running, ...rows)).map(({ error }) => error?.code ?? 'none')
const list = async (running: Running, username?: string) =>
  (await running.ask(authMessages.listUsers, username === undefined ? {} : { username })).rows
const isRefused = { code: 'AUTH_UNAUTHENTICATED' }

t.test('users are made, changed and listed by name; nothing of a password is told', async (t) => {
  const running = await build(t)
  t.same(
    await upsert(
      running,
      { username: 'Vera', password: secret, privilege: 'Viewer', fullname: 'Vera V', email: 'v@example.org' },
      { username: 'olga', password: secret, privilege: 'Operator', active: false },
    ),
    [{ key: 'Vera' }, { key: 'olga' }],
  )
  t.same(await upsert(running, { username: 'VERA', email: null }), [{ key: 'Vera' }])
  const rows = await list(running)
  t.same(
    rows.map(({ createdAt: _, ...row }) => row),
    [
      { username: 'olga', privilege: 'Operator', fullname: '', email: '', active: false, createdBy: 'root' },
      { username: 'root', privilege: 'Admin', fullname: '', email: '', active: true, createdBy: '' },
      {
        username: 'Vera',
        privilege: 'Viewer',
        fullname: 'Vera V',
        email: '',
        active: true,
        createdBy: 'root',
      },
    ],
  )
  t.equal((await list(running, 'vERa'))[0]?.username, 'Vera')
  await t.rejects(list(running, 'nobody'), { code: 'AUTH_USER_NOT_FOUND' })
  t.same(await running.ask(authMessages.verifyCredentials, login('vera')), {
    username: 'Vera',
    privilege: 'Viewer',
  })
  await t.rejects(running.ask(authMessages.verifyCredentials, login('olga')), isRefused)
  t.same(await upsert(running, { username: 'olga', active: true }), [{ key: 'olga' }])
  await running.ask(authMessages.verifyCredentials, login('olga'))
})

t.test('a row that fails leaves nothing behind, the others stand', async (t) => {
  const running = await build(t)
  t.same(
    await errors(
      running,
      { username: 'a', privilege: 'Viewer' },
      { username: 'b', password: secret },
      { username: 'c', password: secret, privilege: 'Viewer' },
      { username: 'C', password: secret, privilege: 'Admin' },
      { username: 'no:body', password: secret, privilege: 'Viewer' },
    ),
    ['ROW_KEY_MISSING', 'ROW_KEY_MISSING', 'none', 'ROW_DUPLICATE', 'AUTH_USERNAME_INVALID'],
  )
  t.same(
    (await list(running)).map(({ username, privilege }) => [username, privilege]),
    [
      ['c', 'Viewer'],
      ['root', 'Admin'],
    ],
  )
})

t.test('the last active Admin stays, also when two requests or two rows come at once', async (t) => {
  const running = await build(t)
  const last = 'AUTH_LAST_ADMIN'
  t.same(await errors(running, { username: 'root', privilege: 'Viewer' }), [last])
  t.same(await errors(running, { username: 'root', active: false }), [last])
  await t.rejects(running.ask(authMessages.deleteUser, { username: 'ROOT' }), { code: last })
  const idle = { username: 'idle', password: secret, privilege: 'Admin', active: false } as const
  await upsert(running, idle, { username: 'ann', password: secret, privilege: 'Admin' })
  t.same(
    await errors(running, { username: 'ann', active: false }, { username: 'root', privilege: 'Operator' }),
    ['none', last],
  )
  await running.start()
  for (let round = 0; round < 5; round += 1) {
    await upsert(running, { username: 'ann', active: true }, { username: 'root', privilege: 'Admin' })
    const [demotion, deactivation] = await Promise.all([
      errors(running, { username: 'ann', active: false }),
      errors(running, { username: 'root', privilege: 'Viewer' }),
    ])
    t.same([...demotion, ...deactivation].sort(), [last, 'none'])
  }
  await upsert(running, { username: 'ann', active: true }, { username: 'root', privilege: 'Admin' })
  const removals = await Promise.allSettled(
    ['ann', 'root'].map((username) => running.ask(authMessages.deleteUser, { username })),
  )
  t.same(removals.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
})

t.test('a deleted user is out at once, and a new one of his name is another', async (t) => {
  const running = await build(t)
  await upsert(running, { username: 'Dora', password: secret, privilege: 'Viewer' })
  await upsert(running, { username: 'dora', privilege: 'Operator' })
  await running.ask(authMessages.verifyCredentials, login('dora'))
  const heard = new Promise<Epoch>((resolve) => {
    running.bus.subscribe(authEvents.userChanged, (epoch) => resolve(epoch))
  })
  t.same(await running.ask(authMessages.deleteUser, { username: 'DORA' }), { username: 'Dora' })
  t.match(await heard, { username: 'Dora', epoch: 3, active: false })
  await t.rejects(running.ask(authMessages.verifyCredentials, login('dora')), isRefused)
  await t.rejects(running.ask(authMessages.deleteUser, { username: 'dora' }), { code: 'AUTH_USER_NOT_FOUND' })
  const epochs = async () =>
    (await running.ask(authMessages.listEpochs, {})).epochs.filter(({ username }) => /dora/i.test(username))
  t.match(await epochs(), [{ epoch: 3, active: false }])
  await upsert(running, { username: 'dora', password: secret, privilege: 'Viewer' })
  t.match(await epochs(), [{ username: 'dora', epoch: 4, active: true }])
  await running.ask(authMessages.deleteUser, { username: 'dora' })
  running.clock.move(2 * 3_600_000)
  t.same(await epochs(), [])
  await upsert(running, { username: 'eve', password: secret, privilege: 'Viewer' })
  await running.ask(authMessages.deleteUser, { username: 'eve' })
  t.equal((await running.sql('SELECT 1 FROM deleted_user')).length, 1, 'names long deleted are forgotten')
})

t.test('everybody may change his password; a wrong one counts as a failed login', async (t) => {
  const running = await build(t)
  await upsert(running, { username: 'vera', password: secret, privilege: 'Viewer' })
  const vera: Caller = { username: 'vera', privilege: 'Viewer' }
  const change = (password: string, newPassword = 'another long password') =>
    running.ask(authMessages.changeOwnPassword, { password, newPassword, address: '10.0.0.1' }, vera)
  await change(secret)
  await t.rejects(running.ask(authMessages.verifyCredentials, login('vera')), isRefused)
  await running.ask(authMessages.verifyCredentials, login('vera', 'another long password'))
  t.match((await running.ask(authMessages.listEpochs, {})).epochs, [
    { epoch: 1 },
    { username: 'vera', epoch: 2 },
  ])
  for (let attempt = 0; attempt < 10; attempt += 1) {
    await t.rejects(change(`wrong-${attempt}`), { code: 'AUTH_PASSWORD_WRONG' })
  }
  await t.rejects(change('another long password'), { code: 'AUTH_THROTTLED' })
  await t.rejects(running.ask(authMessages.verifyCredentials, login('vera', 'another long password')), {
    code: 'AUTH_THROTTLED',
  })
  await t.rejects(
    running.ask(authMessages.changeOwnPassword, { password: '', newPassword: 'short', address: '' }, vera),
    { code: 'BUS_INVALID_PAYLOAD' },
  )
})

t.test('only Admins manage users', async (t) => {
  const running = await build(t)
  for (const privilege of ['Network Admin', 'Operator', 'Viewer'] as const) {
    const caller = { username: 'x', privilege }
    await t.rejects(running.ask(authMessages.listUsers, {}, caller), { code: 'AUTH_NOT_AUTHORIZED' })
    await t.rejects(running.ask(authMessages.deleteUser, { username: 'root' }, caller), {
      code: 'AUTH_NOT_AUTHORIZED',
    })
    await t.rejects(running.ask(authMessages.upsertUsers, { rows: [{ username: 'y' }] }, caller), {
      code: 'AUTH_NOT_AUTHORIZED',
    })
  }
})

t.test(
  'many passwords in one request do not keep others from logging in; too many are refused',
  async (t) => {
    const running = await build(t)
    const rows = (count: number): UserInput[] =>
      Array.from({ length: count }, (_, n) => ({
        username: `user-${n}`,
        password: secret,
        privilege: 'Viewer' as const,
      }))
    await t.rejects(upsert(running, ...rows(501)), { code: 'INPUT_TOO_LARGE' })
    let done = false
    const bulk = upsert(running, ...rows(60)).finally(() => {
      done = true
    })
    await running.ask(authMessages.verifyCredentials, login('root', 'correct horse'))
    t.notOk(done, 'the login did not wait for all of them')
    t.equal((await bulk).length, 60)
    const changes = Array.from({ length: 10_000 }, (_, n) => ({
      username: `user-${n}`,
      privilege: 'Operator' as const,
    }))
    const results = await upsert(running, ...changes)
    t.equal(results.filter(({ error }) => error === undefined).length, 60)
    t.match((await list(running, 'user-59'))[0], { privilege: 'Operator' })
    const stopped = new AbortController()
    const request = running.bus.request(
      authMessages.upsertUsers,
      { rows: rows(400) },
      { caller: admin, timeoutMs: 60_000, signal: stopped.signal },
    )
    stopped.abort()
    await t.rejects(request)
  },
)
