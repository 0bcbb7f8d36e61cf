import fc from 'fast-check'
import t from 'tap'
import { createPasswordHasher } from '../src/credentials/password-hasher.ts'
import { createSlots } from '../src/credentials/slots.ts'
import { createThrottle } from '../src/credentials/throttle.ts'
import { createVerifiedPasswords } from '../src/credentials/verified-passwords.ts'
import { applyChange, isActiveAdmin, keyOf, type User } from '../src/users/user.ts'
import { type HashedInput, planUsers } from '../src/users/user-plan.ts'

const user: User = {
  id: 'id',
  username: 'root',
  passwordHash: 'hash',
  privilege: 'Admin',
  fullname: '',
  email: '',
  active: true,
  epoch: 3,
  createdBy: '',
  createdAt: new Date(0),
  changedAt: new Date(0),
}

t.test('password, privilege and activity raise the epoch, other changes do not', async (t) => {
  const now = new Date(5_000)
  for (const change of [{ passwordHash: 'other' }, { privilege: 'Viewer' as const }, { active: false }]) {
    t.match(applyChange(user, change, now), { ...change, epoch: 4, changedAt: now })
  }
  for (const change of [
    { fullname: 'x' },
    { email: 'y' },
    { privilege: 'Admin' as const },
    { active: true },
    {},
  ]) {
    t.match(applyChange(user, change, now), { ...change, epoch: 3, changedAt: new Date(0) })
  }
})

t.test('ten failures within a minute close an account for its address, not for others', async (t) => {
  let now = 0
  const throttle = createThrottle(() => now)
  for (let count = 0; count < 10; count += 1) {
    throttle.check('root', '10.0.0.1')
    throttle.failed('root', '10.0.0.1')
    now += 1_000
  }
  t.throws(() => throttle.check('root', '10.0.0.1'), { code: 'AUTH_THROTTLED', params: [50] })
  throttle.check('root', '10.0.0.2')
  throttle.check('alice', '10.0.0.1')
  now = 59_999
  t.throws(() => throttle.check('root', '10.0.0.1'), { code: 'AUTH_THROTTLED', params: [1] })
  now = 60_000
  throttle.check('root', '10.0.0.1')
  throttle.failed('root', '10.0.0.1')
  t.throws(() => throttle.check('root', '10.0.0.1'), { code: 'AUTH_THROTTLED', params: [1] })
})

t.test('a hundred failures close an address for all accounts; a success forgets only its own', async (t) => {
  const throttle = createThrottle(() => 0)
  for (let count = 0; count < 9; count += 1) throttle.failed('alice', '10.0.0.1')
  for (let count = 0; count < 91; count += 1) throttle.failed(`user-${count}`, '10.0.0.1')
  t.throws(() => throttle.check('bob', '10.0.0.1'), { code: 'AUTH_THROTTLED' })
  throttle.check('bob', '10.0.0.2')
  throttle.succeeded('alice', '10.0.0.1')
  for (let count = 0; count < 9; count += 1) {
    throttle.check('bob', '10.0.0.1')
    throttle.failed('bob', '10.0.0.1')
  }
  t.throws(() => throttle.check('carol', '10.0.0.1'), { code: 'AUTH_THROTTLED' })
})

t.test('the limit of an address is exact, whoever is tried, and slides with time', async (t) => {
  let now = 0
  const throttle = createThrottle(() => now)
  const attempt = (account: string, address = '10.0.0.1') => {
    throttle.check(account, address)
    throttle.failed(account, address)
  }
  for (let count = 0; count < 99; count += 1) {
    attempt(`user-${count}`)
    now += 100
  }
  throttle.check('anybody', '10.0.0.1')
  attempt('the hundredth')
  const [closedAt, first] = [now, 60_000]
  const seconds = Math.ceil((first - closedAt) / 1_000)
  for (const account of ['anybody', 'user-0', 'the hundredth', '']) {
    t.throws(
      () => throttle.check(account, '10.0.0.1'),
      { code: 'AUTH_THROTTLED', params: [seconds] },
      account,
    )
  }
  for (const address of ['10.0.0.2', '10.0.0.10', '::1', '']) throttle.check('anybody', address)
  now = first - 1
  t.throws(() => throttle.check('anybody', '10.0.0.1'), { code: 'AUTH_THROTTLED', params: [1] })
  now = first
  throttle.check('anybody', '10.0.0.1')
  attempt('one more')
  t.throws(() => throttle.check('anybody', '10.0.0.1'), { code: 'AUTH_THROTTLED' }, 'one left, one came')
  now = closedAt + 60_000
  for (let count = 0; count < 99; count += 1) attempt(`again-${count}`)
  t.throws(() => throttle.check('anybody', '10.0.0.1'), { code: 'AUTH_THROTTLED' })
  now += 60_000
  throttle.check('anybody', '10.0.0.1')
})

t.test('never more than a hundred attempts get through from an address in any minute', async (t) => {
  const property = fc.property(
    fc.array(fc.tuple(fc.integer({ min: 0, max: 1_500 }), fc.nat(500)), { minLength: 150, maxLength: 300 }),
    (attempts) => {
      let now = 0
      const throttle = createThrottle(() => now)
      const through: number[] = []
      for (const [pause, account] of attempts) {
        now += pause
        try {
          throttle.check(`user-${account}`, '::1')
        } catch {
          continue
        }
        throttle.failed(`user-${account}`, '::1')
        through.push(now)
      }
      return through.every((at, index) => (through[index + 100] ?? Infinity) - at >= 60_000)
    },
  )
  t.doesNotThrow(() => fc.assert(property, { numRuns: 50 }))
})

t.test('a success resets the count of its account', async (t) => {
  const throttle = createThrottle(() => 0)
  for (let round = 0; round < 3; round += 1) {
    for (let count = 0; count < 9; count += 1) throttle.failed('root', '10.0.0.1')
    t.doesNotThrow(() => throttle.check('root', '10.0.0.1'))
    throttle.succeeded('root', '10.0.0.1')
  }
})

t.test('never more than ten attempts get through in any minute', async (t) => {
  const property = fc.property(
    fc.array(fc.integer({ min: 0, max: 30_000 }), { maxLength: 100 }),
    (pauses) => {
      let now = 0
      const throttle = createThrottle(() => now)
      const through: number[] = []
      for (const pause of pauses) {
        now += pause
        try {
          throttle.check('a', '::1')
        } catch {
          continue
        }
        throttle.failed('a', '::1')
        through.push(now)
      }
      return through.every((at, index) => (through[index + 10] ?? Infinity) - at >= 60_000)
    },
  )
  t.doesNotThrow(() => fc.assert(property))
})

t.test('the throttle forgets what was touched longest ago when very many come', async (t) => {
  const throttle = createThrottle(() => 0)
  const fill = (account: string) => {
    for (let count = 0; count < 10; count += 1) throttle.failed(account, `address of ${account}`)
  }
  fill('first')
  for (let count = 0; count < 20_000; count += 1) throttle.failed(`user-${count}`, 'elsewhere')
  fill('last')
  t.doesNotThrow(() => throttle.check('first', 'address of first'))
  t.throws(() => throttle.check('last', 'address of last'), { code: 'AUTH_THROTTLED' })
})

t.test('a verified password is remembered for five seconds, and not over a change', async (t) => {
  let now = 0
  const verified = createVerifiedPasswords(() => now)
  verified.remember('root', 'right', user, verified.generation())
  t.equal(verified.find('root', 'right'), user)
  t.equal(verified.find('root', 'wrong'), undefined)
  t.equal(verified.find('alice', 'right'), undefined)
  now = 4_999
  t.equal(verified.find('root', 'right'), user)
  now = 5_000
  t.equal(verified.find('root', 'right'), undefined)
  verified.remember('root', 'right', user, verified.generation())
  verified.drop('root')
  t.equal(verified.find('root', 'right'), undefined)
  const generation = verified.generation()
  verified.drop('root')
  verified.remember('root', 'right', user, generation)
  t.equal(verified.find('root', 'right'), undefined)
})

t.test('at most so many works run at once, in the order of their coming', async (t) => {
  const slots = createSlots(2)
  let running = 0
  let most = 0
  const order: number[] = []
  const work = (id: number) => async () => {
    running += 1
    most = Math.max(most, running)
    order.push(id)
    await new Promise((resolve) => setImmediate(resolve))
    running -= 1
    if (id === 3) throw new Error('fails')
  }
  const aborter = new AbortController()
  const works = [0, 1, 2, 3, 4, 5].map((id) => slots.run(undefined, work(id)))
  const abandoned = slots.run(aborter.signal, work(6))
  aborter.abort(new Error('gone'))
  await t.rejects(abandoned, /gone/)
  const results = await Promise.allSettled(works)
  t.equal(results.filter(({ status }) => status === 'rejected').length, 1)
  t.same(order, [0, 1, 2, 3, 4, 5])
  t.equal(most, 2)
  await t.rejects(slots.run(aborter.signal, work(7)), /gone/)
  await slots.run(undefined, work(8))
})

t.test('passwords are hashed with argon2id; without a hash nothing matches', async (t) => {
  const hasher = await createPasswordHasher()
  const stored = await hasher.hash('päss:wörd\0')
  t.match(stored, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
  const { signal } = new AbortController()
  const check = (hash: string | undefined, password: string) =>
    hasher.inTurn(signal, (matches) => matches(hash, password))
  t.equal(await check(stored, 'päss:wörd\0'), true)
  t.equal(await check(stored, 'päss:wörd'), false)
  t.equal(await check(stored, ''), false)
  t.equal(await check(undefined, 'anything'), false)
})

t.test('whatever rows ask for, an active Admin is left', async (t) => {
  const names = ['a', 'b', 'c', 'd']
  const anyUser = fc.record({
    privilege: fc.constantFrom('Admin' as const, 'Viewer' as const),
    active: fc.boolean(),
  })
  const anyRow = fc.record<HashedInput>(
    {
      username: fc.constantFrom(...names, 'A', 'e'),
      passwordHash: fc.constant('hash'),
      privilege: fc.constantFrom('Admin' as const, 'Operator' as const),
      active: fc.boolean(),
    },
    { requiredKeys: ['username'] },
  )
  const property = fc.property(fc.array(anyUser, { maxLength: 4 }), fc.array(anyRow), (given, rows) => {
    const first: User = { ...user, id: 'first', username: 'first' }
    const stored = [
      first,
      ...given.map((each, n) => ({ ...user, ...each, id: `${n}`, username: names[n] ?? '' })),
    ]
    const activeAdmins = new Set(stored.filter(isActiveAdmin).map(({ id }) => id))
    const existing = new Map(stored.map((each) => [keyOf(each), each]))
    let made = 0
    const newId = () => `new-${++made}`
    const deps = { now: new Date(1), newId, createdBy: 'x' }
    const roster = { existing, activeAdmins, deletedEpochs: new Map([['e', 7]]) }
    const demoted: HashedInput = { username: 'first', active: false }
    const plan = planUsers([...rows, demoted], roster, deps)
    const after = new Map(stored.map((each) => [each.id, each]))
    for (const each of plan.accepted) after.set(each.id, each)
    return (
      [...after.values()].some(isActiveAdmin) &&
      plan.results.length === rows.length + 1 &&
      plan.accepted.every(({ username, epoch }) => username !== 'e' || epoch === 8)
    )
  })
  t.doesNotThrow(() => fc.assert(property))
})
