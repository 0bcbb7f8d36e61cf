import { createHmac, createPublicKey, generateKeyPairSync } from 'node:crypto'
import { authMessages, createError, inventoryMessages } from '@slipway/contracts'
import { until } from '@slipway/test-kit'
import t from 'tap'
import { admin, basic, build, failed, password } from './fixture.ts'

const UNAUTHORIZED = 'Unauthorized Access'
const CHALLENGE = 'Basic realm="Authentication Required"'

t.test('a user gets a token with user and password, and it works as user name and as bearer', async (t) => {
  const { ask } = await build(t)
  const answer = await ask('GET', '/api/v1/token')
  t.equal(answer.status, 200)
  const { token, ...others } = answer.json as { token: string }
  t.same(others, {})
  t.equal((await ask('GET', '/api/v1/hosts', { auth: [token, 'unused'] })).status, 200)
  t.equal((await ask('GET', '/api/v1/hosts', { auth: [token, ''] })).status, 200)
  const bearer = await ask('GET', '/api/v1/hosts', {
    auth: undefined,
    headers: { authorization: `Bearer ${token}` },
  })
  t.equal(bearer.status, 200)
  failed(await ask('GET', '/api/v1/token', { auth: [token, 'unused'] }), 401, UNAUTHORIZED)
  failed(await ask('GET', '/api/v1/token?x=1'), 400, "Following parameter, 'x', is not allowed.")
  failed(await ask('GET', '/api/v1/token?x=1', { auth: ['root', 'wrong'] }), 401, UNAUTHORIZED)
})

t.test('the address of a login is the peer, whatever a header says', async (t) => {
  const { ask, askedFor } = await build(t)
  await ask('GET', '/api/v1/regions', { headers: { 'x-forwarded-for': '10.9.9.9' } })
  t.match(askedFor(authMessages.verifyCredentials), [{ payload: { address: '127.0.0.1' } }])
})

t.test('a trusted proxy says who the client is; others only say who the proxy is', async (t) => {
  const addressFor = async (trustedProxies: string[], forwarded: string) => {
    const { ask, asked } = await build(t, { config: { trustedProxies } })
    await ask('GET', '/api/v1/regions', { headers: { 'x-forwarded-for': forwarded } })
    const login = asked.find(({ subject }) => subject === authMessages.verifyCredentials.subject)
    const { address } = (login?.payload ?? {}) as { address?: string }
    return address
  }
  t.equal(await addressFor(['127.0.0.0/8'], '10.9.9.9'), '10.9.9.9')
  t.equal(await addressFor(['127.0.0.1', '10.0.0.0/8'], '192.0.2.1, 10.9.9.9'), '192.0.2.1')
  t.equal(
    await addressFor(['127.0.0.1'], '192.0.2.1, 10.9.9.9'),
    '10.9.9.9',
    'what a client wrote is passed over',
  )
  t.equal(await addressFor(['10.0.0.0/8'], '192.0.2.1'), '127.0.0.1')
  t.equal(await addressFor(['127.0.0.1'], 'nonsense'), '127.0.0.1')
  for (const wrong of ['10.0.0.0/33', 'proxy.example', '::1/129', '1.2.3', '10.0.0.0/']) {
    await t.rejects(build(t, { config: { trustedProxies: [wrong] } }), { message: /GATEWAY_TRUSTED_PROXIES/ })
  }
})

t.test('no valid credentials are 401 with the exact challenge, unknown paths included', async (t) => {
  const { ask, asked } = await build(t)
  const headers = [
    undefined,
    '',
    'Basic',
    'Basic !!!!',
    `Basic ${Buffer.from('nocolon').toString('base64')}`,
    `Basic ${Buffer.from(':nouser').toString('base64')}`,
    `Basic ${Buffer.from('root:a\u0000b').toString('base64')}`,
    basic('root', 'wrong'),
    basic('nobody', password),
    basic('root', 'x'.repeat(1_001)),
    'Bearer',
    'Bearer x.y.z',
    'Digest username="root"',
  ]
  for (const authorization of headers) {
    for (const [method, path] of [
      ['GET', '/api/v1/hosts'],
      ['GET', '/api/v1/token'],
      ['GET', '/api/v1/nowhere'],
      ['GET', '/api/v1'],
      ['GET', '/api/v1/'],
      ['GET', '/api/%76%31/hosts'],
      ['PATCH', '/api/v1/hosts'],
      ['GET', '/api/v1/hosts/%zz'],
      ['POST', '/api/v1/hosts'],
      ['GET', '/api/v1/install/logs/1'],
    ] as const) {
      const answer = await ask(method, path, {
        auth: undefined,
        ...(authorization === undefined ? {} : { headers: { authorization } }),
      })
      failed(answer, 401, UNAUTHORIZED)
      t.equal(answer.headers['www-authenticate'], CHALLENGE)
      t.equal(answer.headers['cache-control'], 'no-store')
    }
  }
  t.notOk(asked.some(({ subject }) => subject.includes('inventory')))
})

t.test('forged, expired and malformed tokens are refused and never tried as a password', async (t) => {
  const { ask, keys, askedFor } = await build(t)
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  const past = Math.floor(Date.now() / 1_000) - 7_200
  const good = keys.token()
  const [, claims = ''] = good.split('.')
  const pem = keys.list()[0]?.pem ?? ''
  const hmacInput = `${encode({ alg: 'HS256', typ: 'JWT', kid: 'k1' })}.${claims}`
  const bad = {
    'other key': keys.token({}, {}, other),
    'other kid': keys.token({}, { kid: 'k9' }),
    'no kid': keys.token({}, { kid: undefined }),
    'kid of another type': keys.token({}, { kid: 1 }),
    'alg none': `${encode({ alg: 'none', kid: 'k1' })}.${claims}.`,
    'HS256 with the public key': `${hmacInput}.${createHmac('sha256', pem).update(hmacInput).digest('base64url')}`,
    expired: keys.token({ iat: past, exp: past + 3_600 }),
    'no exp': keys.token({ exp: undefined }),
    'other audience': keys.token({ aud: 'elsewhere' }),
    'list of audiences': keys.token({ aud: ['slipway-api', 'x'] }),
    'other issuer': keys.token({ iss: 'elsewhere' }),
    'no subject': keys.token({ sub: undefined }),
    'invented privilege': keys.token({ privilege: 'Owner' }),
    'no epoch': keys.token({ epoch: undefined }),
    'changed claims': `${good.split('.')[0]}.${encode({ sub: 'root', privilege: 'Admin' })}.${good.split('.')[2]}`,
    'not JSON': 'eyJhbGciOi.eyJhbGciOi.c2ln',
  }
  t.equal((await ask('GET', '/api/v1/hosts', { auth: [good, 'unused'] })).status, 200)
  for (const [why, token] of Object.entries(bad)) {
    t.ok(failed(await ask('GET', '/api/v1/hosts', { auth: [token, 'unused'] }), 401, UNAUTHORIZED), why)
    const headers = { authorization: `Bearer ${token}` }
    t.ok(failed(await ask('GET', '/api/v1/hosts', { auth: undefined, headers }), 401, UNAUTHORIZED), why)
  }
  t.same(askedFor(authMessages.verifyCredentials), [])
  t.ok(createPublicKey(pem), 'the key that was misused is a public one')
  t.ok(askedFor(authMessages.listKeys).length <= 2, 'unknown kids do not make it ask without bound')
})

t.test('a rotated key is found by its kid, and the old one is forgotten', async (t) => {
  const { ask, keys, keyRotated, askedFor } = await build(t)
  const old = keys.token()
  t.equal((await ask('GET', '/api/v1/hosts', { auth: [old, ''] })).status, 200)
  keys.rotate('k2')
  keyRotated('k2')
  await until(async () => (await ask('GET', '/api/v1/hosts', { auth: [keys.token(), ''] })).status === 200, {
    message: 'the new key is read',
  })
  failed(await ask('GET', '/api/v1/hosts', { auth: [old, ''] }), 401, UNAUTHORIZED)
  t.equal(askedFor(authMessages.listKeys).length, 2)
})

t.test('a revoked token stops working at the event, and from the epochs read at start', async (t) => {
  const changedAt = new Date().toISOString()
  const { ask, keys, userChanged } = await build(t, {
    auth: {
      listEpochs: () => ({ epochs: [{ username: 'gone', epoch: 3, active: false, changedAt }] }),
    },
  })
  const token = keys.token({ sub: 'Olga', privilege: 'Operator', epoch: 1 })
  failed(
    await ask('GET', '/api/v1/hosts', { auth: [keys.token({ sub: 'gone', epoch: 3 }), ''] }),
    401,
    UNAUTHORIZED,
  )
  t.equal((await ask('GET', '/api/v1/hosts', { auth: [token, ''] })).status, 200)
  userChanged({ username: 'olga', epoch: 2, active: true, changedAt })
  await until(async () => (await ask('GET', '/api/v1/hosts', { auth: [token, ''] })).status === 401, {
    message: 'the old token is refused',
  })
  const renewed = keys.token({ sub: 'olga', privilege: 'Operator', epoch: 2 })
  t.equal((await ask('GET', '/api/v1/hosts', { auth: [renewed, ''] })).status, 200)
})

t.test(
  'without news about revocations tokens are 503, and passwords depend on the auth service alone',
  async (t) => {
    let away = true
    const { ask, keys, gateway } = await build(t, {
      auth: {
        listEpochs: () => {
          if (away) throw createError('BUS_UNAVAILABLE')
          return { epochs: [] }
        },
      },
    })
    t.equal(await gateway.ready(), false)
    const refused = await ask('GET', '/api/v1/hosts', { auth: [keys.token(), ''] })
    failed(refused, 503, 'The state of revoked tokens is not known at the moment.')
    t.match(refused.headers['retry-after'], /^\d+$/)
    t.equal((await ask('GET', '/api/v1/hosts')).status, 200)
    away = false
    t.equal((await ask('GET', '/api/v1/hosts', { auth: [keys.token(), ''] })).status, 200)
    t.equal(await gateway.ready(), true)
  },
)

t.test('an auth service that is away is 503 with Retry-After, not 401', async (t) => {
  const { ask, keys } = await build(t, { away: ['auth'] })
  for (const auth of [admin, [keys.token(), '']] as const) {
    const answer = await ask('GET', '/api/v1/hosts', { auth })
    t.equal(answer.status, 503)
    t.match(answer.headers['retry-after'], /^\d+$/)
  }
})

t.test('throttled logins are 429 and say when to try again', async (t) => {
  const { ask } = await build(t, {
    auth: {
      verifyCredentials: () => {
        throw createError('AUTH_THROTTLED', [42])
      },
    },
  })
  const answer = await ask('GET', '/api/v1/hosts')
  failed(answer, 429, 'Too many failed logins. Try again in 42 seconds.')
  t.equal(answer.headers['retry-after'], '42')
})

t.test('who may not is 401 Not Authorized without a challenge, before anything is validated', async (t) => {
  const { ask, askedFor } = await build(t)
  const may: Record<string, readonly string[]> = {
    'POST /hosts': ['root', 'neta'],
    'DELETE /hosts/R1/delete': ['root', 'neta'],
    'POST /regions': ['root', 'neta'],
    'DELETE /regions/x/delete': ['root', 'neta'],
    'POST /jump_hosts': ['root', 'neta'],
    'DELETE /jump_hosts/x/delete': ['root', 'neta'],
    'POST /server_repositories': ['root', 'neta'],
    'DELETE /server_repositories/x/delete': ['root', 'neta'],
    'POST /custom_command_profiles': ['root', 'neta'],
    'DELETE /custom_command_profiles/x/delete': ['root', 'neta'],
    'POST /install': ['root', 'neta', 'olga'],
    'DELETE /install/delete': ['root', 'neta', 'olga'],
    'GET /install/logs/x': ['root', 'neta', 'olga'],
    'GET /install/logs': ['root', 'neta', 'olga'],
    'POST /hosts/R1/inventory': ['root', 'neta', 'olga'],
    'GET /hosts': ['root', 'neta', 'olga', 'vera'],
    'GET /hosts/R1/packages': ['root', 'neta', 'olga', 'vera'],
    'GET /hosts/R1/inventory': ['root', 'neta', 'olga', 'vera'],
    'GET /regions': ['root', 'neta', 'olga', 'vera'],
    'GET /jump_hosts': ['root', 'neta', 'olga', 'vera'],
    'GET /server_repositories': ['root', 'neta', 'olga', 'vera'],
    'GET /custom_command_profiles': ['root', 'neta', 'olga', 'vera'],
    'GET /install': ['root', 'neta', 'olga', 'vera'],
  }
  for (const [route, users] of Object.entries(may)) {
    const [method = '', path = ''] = route.split(' ')
    for (const user of ['root', 'neta', 'olga', 'vera']) {
      // Bodies and parameters that would be refused: permission comes first.
      const url = `/api/v1${path}?unknown=1`
      const answer = await ask(method, url, {
        auth: [user, password],
        ...(method === 'POST' ? { body: '{' } : {}),
      })
      if (users.includes(user)) t.equal(answer.status, 400, `${user} may ${route}`)
      else {
        failed(answer, 401, 'Not Authorized')
        t.equal(answer.headers['www-authenticate'], undefined)
      }
    }
  }
  t.same(askedFor(inventoryMessages.upsertHosts), [])
})

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
