// REST contract, section 8: users; section 2: what a changed user's tokens and passwords are worth.
import { until } from '@slipway/test-kit'
import type { Test } from 'tap'
import { adminPassword } from '../harness/slipway.ts'
import { type Answer, basic, listOf, refused, rowRefused } from './world.ts'

export interface UsersWorld {
  /** Sends a request below /api/v1, as the first administrator unless it says otherwise. */
  ask(method: string, path: string, ask?: { body?: unknown; authorization?: string | null }): Promise<Answer>
}

export const userPassword = 'a password of a user'
const later = 'another password of a user'

/** Users whose tokens lose their worth, each in another way. @returns their tokens, all revoked */
export async function revokeTokens(t: Test, { ask }: UsersWorld): Promise<Map<string, string>> {
  const names = ['gone', 'idle', 'demoted', 'changed', 'owner']
  const rows = names.map((username) => ({ username, password: userPassword, privilege: 'Admin' }))
  t.equal((await ask('POST', '/users', { body: rows })).status, 200)
  const tokens = new Map<string, string>()
  for (const name of names) {
    const answer = await ask('GET', '/token', { authorization: basic(name, userPassword) })
    tokens.set(name, String(answer.body['token']))
  }
  const worth = async () =>
    Promise.all(
      [...tokens.values()].map((token) => ask('GET', '/regions', { authorization: `Bearer ${token}` })),
    )
  t.same(
    (await worth()).map(({ status }) => status),
    names.map(() => 200),
  )
  const body = { password: userPassword, new_password: later }
  const changes = [
    await ask('DELETE', '/users/GONE/delete'),
    await ask('POST', '/users', {
      body: [
        { username: 'idle', active: false },
        { username: 'demoted', privilege: 'Viewer' },
        { username: 'changed', password: later },
      ],
    }),
    await ask('POST', '/users/me/password', { body, authorization: `Bearer ${tokens.get('owner')}` }),
  ]
  t.same(
    changes.map(({ status }) => status),
    [200, 200, 200],
  )
  t.equal((await ask('GET', '/regions', { authorization: basic('changed', userPassword) })).status, 401)
  t.equal((await ask('GET', '/regions', { authorization: basic('gone', userPassword) })).status, 401)
  t.equal((await ask('GET', '/regions', { authorization: basic('changed', later) })).status, 200)
  const areRefused = async () => (await worth()).every(({ status }) => status === 401)
  await until(areRefused, { message: 'revoked tokens are refused', timeoutMs: 5_000 })
  return tokens
}

export async function users(t: Test, { ask }: UsersWorld): Promise<void> {
  const post = (body: unknown) => ask('POST', '/users', { body })
  const row = { username: 'Uma', password: userPassword, privilege: 'Operator' }

  t.test('users are made and changed by rows, and listed without passwords', async (t) => {
    const made = await post([
      { ...row, fullname: 'Uma U', email: 'u@example.org' },
      { username: 'x', privilege: 'Viewer' },
    ])
    t.equal(made.status, 207)
    t.match(listOf(made), [
      { status: 'SUCCESS', username: 'Uma' },
      { status: 'FAILED', username: 'x', status_message: "Missing JSON key: 'password'." },
    ])
    t.equal((await post({ username: 'uma', email: '' })).status, 200)
    const [uma] = listOf(await ask('GET', '/users?username=UMA'))
    t.match(uma, { username: 'Uma', privilege: 'Operator', fullname: 'Uma U', email: '', active: true })
    t.notOk((await ask('GET', '/users')).text.includes('argon2'))
  })
  t.test('rows of users are held to the rules of all rows', async (t) => {
    for (const [bad, message] of [
      [{ ...row, password: '12345678901' }, "'password' is too short: at least 12 characters."],
      [{ ...row, privilege: 'operator' }, /^'operator' is an invalid privilege/],
      [{ ...row, active: 'yes' }, "'active' must be true or false."],
      [{ ...row, username: 'u:ma' }, /^'u:ma' is an invalid username/],
      [{ ...row, username: 'eyJ1.m.a' }, /^'eyJ1.m.a' is an invalid username.* look like an access token\.$/],
      [{ ...row, name: 'x' }, "The following key, 'name', is invalid."],
    ] as const) {
      rowRefused(t, await post(bad), message)
    }
    const twice = await post([row, { ...row, username: 'UMA' }])
    t.equal(twice.status, 207)
    refused(
      t,
      await ask('GET', '/users?username=nobody'),
      400,
      "User 'nobody' does not exist in the database.",
    )
    refused(
      t,
      await ask('DELETE', '/users/nobody/delete'),
      400,
      "User 'nobody' does not exist in the database.",
    )
  })
  t.test('the last active Admin cannot be removed, demoted or deactivated', async (t) => {
    const others = listOf(await ask('GET', '/users')).filter(
      ({ username, privilege, active }) => username !== 'root' && privilege === 'Admin' && active === true,
    )
    for (const { username } of others) {
      t.equal((await post({ username, active: false })).status, 200)
    }
    const message = "'root' is the last active Admin and must remain one."
    rowRefused(t, await post({ username: 'root', privilege: 'Viewer' }), message)
    rowRefused(t, await post({ username: 'ROOT', active: false }), message)
    refused(t, await ask('DELETE', '/users/root/delete'), 400, message)
    await post({ username: 'second', password: userPassword, privilege: 'Admin' })
    const both = [
      { username: 'root', active: false },
      { username: 'second', active: false },
    ]
    const answers = await Promise.all(both.map(post))
    t.same(answers.map(({ status }) => status).sort(), [200, 400], 'one of two at once')
    const left = answers[0]?.status === 200 ? basic('second', userPassword) : basic('root', adminPassword)
    const body = both.map(({ username }) => ({ username, active: true }))
    t.equal((await ask('POST', '/users', { body, authorization: left })).status, 200)
  })
  t.test('everybody may change his own password, knowing the one he has', async (t) => {
    const authorization = basic('uma', userPassword)
    const change = (body: unknown) => ask('POST', '/users/me/password', { body, authorization })
    refused(
      t,
      await change({ password: 'wrong', new_password: later }),
      400,
      'The present password is wrong.',
    )
    refused(t, await change({ password: userPassword, new_password: 'short' }), 400, /at least 12/)
    const changed = await change({ password: userPassword, new_password: later })
    t.same(changed.body, { api_response: { status: 'SUCCESS', username: 'Uma' } })
    t.equal((await ask('GET', '/regions', { authorization: basic('uma', later) })).status, 200)
    t.equal((await ask('GET', '/regions', { authorization })).status, 401)
  })
}
