import { authMessages, createError, toErrorBody } from '@slipway/contracts'
import t from 'tap'
import { build, failed, password, rowsIn } from './fixture.ts'

const user = { username: 'Olga', password: 'a long enough one', privilege: 'Operator' }

t.test('POST /users reads rows like the other bulk changes', async (t) => {
  const { ask, askedFor } = await build(t, {
    auth: {
      upsertUsers: ({ rows }) => ({
        rows: rows.map(({ username, active }) =>
          active === false
            ? { key: username, error: toErrorBody(createError('AUTH_LAST_ADMIN', [username])) }
            : { key: username },
        ),
      }),
    },
  })
  const post = (body: unknown) => ask('POST', '/api/v1/users', { body })
  const good = await post({ ...user, fullname: 'Olga O', email: '', active: true })
  t.equal(good.status, 200)
  t.same(rowsIn(good, 'user_list'), [{ status: 'SUCCESS', username: 'Olga' }])
  t.match(askedFor(authMessages.upsertUsers), [
    { payload: { rows: [{ ...user, fullname: 'Olga O', email: null, active: true }] } },
  ])
  const badRows: [object, string][] = [
    [{ password: user.password }, "Missing JSON key: 'username'."],
    [{ ...user, username: '' }, "Missing JSON key: 'username'."],
    [{ ...user, username: 'a:b' }, /** ends the name in HTTP Basic */ "'a:b' is an invalid username."],
    [{ ...user, username: ' a' }, "' a' is an invalid username."],
    [{ ...user, username: 'a\u0000' }, "'username' must not contain control characters."],
    [{ ...user, username: 'x'.repeat(51) }, "'username' is too long: at most 50 characters."],
    [{ ...user, username: 7 }, "'username' must be a string."],
    [{ ...user, role: 'x' }, "The following key, 'role', is invalid."],
    [{ ...user, id: 'x', epoch: 1 }, "The following keys, 'id,epoch', are invalid."],
    [{ ...user, password: '' }, "Missing JSON key: 'password'."],
    [{ ...user, password: '12345678901' }, "'password' is too short: at least 12 characters."],
    [{ ...user, password: '🔑'.repeat(11) }, "'password' is too short: at least 12 characters."],
    [{ ...user, password: 'x'.repeat(101) }, "'password' is too long: at most 100 characters."],
    [{ ...user, password: ['123456789012'] }, "'password' must be a string."],
    [{ ...user, password: '123456789012\n' }, "'password' must not contain control characters."],
    [
      { ...user, privilege: 'admin' },
      "'admin' is an invalid privilege. It must be one of Admin, Network Admin,",
    ],
    [{ ...user, privilege: '' }, "Missing JSON key: 'privilege'."],
    [{ ...user, active: 'false' }, "'active' must be true or false."],
    [{ ...user, active: 0 }, "'active' must be true or false."],
    [{ ...user, email: 'x'.repeat(101) }, "'email' is too long: at most 100 characters."],
    [{ ...user, active: false }, "'Olga' is the last active Admin and must remain one."],
  ]
  for (const [row, message] of badRows) {
    const answer = await post([row, { ...user, username: 'other' }])
    t.equal(answer.status, 207, message)
    const [bad, innocent] = rowsIn(answer, 'user_list')
    t.equal(bad?.['status'], 'FAILED')
    t.ok(String(bad?.['status_message']).startsWith(message), `${bad?.['status_message']}`)
    t.same(innocent, { status: 'SUCCESS', username: 'other' })
  }
  const twice = await post([user, { ...user, username: 'OLGA' }])
  t.match(rowsIn(twice), [
    { status: 'SUCCESS' },
    { status_message: "More than one entry with the same username: 'olga'." },
  ])
  t.equal((await post([{ username: '' }])).status, 400)
  failed(await post([]), 400, /empty/)
  const keeping = await post({ username: 'olga', fullname: null, email: 'o@example.org' })
  t.equal(keeping.status, 200)
  t.same(askedFor(authMessages.upsertUsers).at(-1)?.payload, {
    rows: [{ username: 'olga', email: 'o@example.org' }],
  })
})

t.test(
  'GET /users lists all or one, without passwords; DELETE answers the name as it is stored',
  async (t) => {
    const row = {
      username: 'Olga',
      privilege: 'Operator' as const,
      fullname: '',
      email: '',
      active: true,
      createdBy: 'root',
      createdAt: '2026-11-21T08:00:00.000Z',
    }
    const { ask, askedFor } = await build(t, {
      auth: {
        listUsers: ({ username }) => {
          if (username === 'nobody') throw createError('AUTH_USER_NOT_FOUND', [username])
          return { rows: [row] }
        },
        deleteUser: ({ username }) => {
          if (username === 'root') throw createError('AUTH_LAST_ADMIN', [username])
          return { username: 'Olga' }
        },
      },
    })
    t.same(rowsIn(await ask('GET', '/api/v1/users'), 'user_list'), [
      {
        username: 'Olga',
        privilege: 'Operator',
        fullname: '',
        email: '',
        active: true,
        created_by: 'root',
        created_time: 'Sat, 21 Nov 2026 08:00:00 GMT',
      },
    ])
    t.equal((await ask('GET', '/api/v1/users?username=OLGA')).status, 200)
    t.match(askedFor(authMessages.listUsers).at(-1), { payload: { username: 'OLGA' } })
    failed(
      await ask('GET', '/api/v1/users?username=nobody'),
      400,
      "User 'nobody' does not exist in the database.",
    )
    failed(await ask('GET', '/api/v1/users?username='), 400, "Parameter 'username' must not be empty.")
    failed(await ask('GET', '/api/v1/users?name=x'), 400, "Following parameter, 'name', is not allowed.")
    const deleted = await ask('DELETE', '/api/v1/users/oLGA%2FX/delete')
    t.same(deleted.json, { api_response: { status: 'SUCCESS', username: 'Olga' } })
    t.match(askedFor(authMessages.deleteUser), [{ payload: { username: 'oLGA/X' } }])
    failed(
      await ask('DELETE', '/api/v1/users/root/delete'),
      400,
      "'root' is the last active Admin and must remain one.",
    )
  },
)

t.test('everybody may change his own password, with the one he has', async (t) => {
  const { ask, askedFor } = await build(t, {
    auth: {
      changeOwnPassword: ({ password: given }) => {
        if (given !== password) throw createError('AUTH_PASSWORD_WRONG')
        return {}
      },
    },
  })
  const change = (body: unknown, auth: readonly [string, string] = ['vera', password]) =>
    ask('POST', '/api/v1/users/me/password', { body, auth })
  const right = { password, new_password: 'another long one' }
  const answer = await change(right)
  t.same([answer.status, answer.json], [200, { api_response: { status: 'SUCCESS', username: 'vera' } }])
  t.match(askedFor(authMessages.changeOwnPassword), [
    {
      payload: { password, newPassword: 'another long one', address: '127.0.0.1' },
      caller: { username: 'vera', privilege: 'Viewer' },
    },
  ])
  t.equal((await change([right])).status, 200)
  failed(await change({ ...right, password: 'wrong' }), 400, 'The present password is wrong.')
  failed(await change([right, right]), 400, 'The request body must be one JSON object.')
  failed(await change({ password }), 400, "Missing JSON key: 'new_password'.")
  failed(await change({ new_password: 'another long one' }), 400, "Missing JSON key: 'password'.")
  failed(await change({ ...right, username: 'root' }), 400, "The following key, 'username', is invalid.")
  failed(await change({ ...right, new_password: 'short' }), 400, /at least 12/)
  failed(await change(right, ['vera', 'wrong']), 401, 'Unauthorized Access')
})
