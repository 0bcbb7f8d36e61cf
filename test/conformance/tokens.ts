// REST contract, section 2: authentication. API guide, overview. (Who may do what is another suite's.)
import type { Test } from 'tap'
import { adminPassword } from '../harness/slipway.ts'
import { basic, refused, type World } from './world.ts'

export async function tokens(t: Test, { ask, get, url }: World): Promise<void> {
  const token = String((await get('/token')).body['token'])
  const part = (index: number) =>
    JSON.parse(Buffer.from(token.split('.')[index] ?? '', 'base64url').toString())
  const good = (authorization: string) => ask('GET', '/regions', { authorization })

  t.test('a token is a JWT of an hour with standard claims, asymmetrically signed, with kid', async (t) => {
    t.match(part(0), { alg: 'ES256', kid: String })
    const claims = part(1)
    t.match(claims, { sub: 'root', iat: Number, exp: Number, jti: String, iss: String, aud: String })
    t.equal(claims.exp - claims.iat, 3_600)
    t.not(part(1).jti, '', 'has an id')
  })
  t.test(
    'a token stands as user name with any password, or as bearer; user and password do too',
    async (t) => {
      for (const authorization of [
        basic(token, 'unused'),
        basic(token, ''),
        basic(token, 'whatever'),
        `Bearer ${token}`,
        `bearer ${token}`,
        basic('root', adminPassword),
      ]) {
        t.equal((await good(authorization)).status, 200)
      }
    },
  )
  t.test('user names compare case-insensitively', async (t) => {
    t.equal((await good(basic('ROOT', adminPassword))).status, 200)
    const answer = await ask('GET', '/token', { authorization: basic('Root', adminPassword) })
    t.equal(answer.status, 200)
  })
  t.test('GET /token needs user and password: a token cannot mint its successor', async (t) => {
    for (const authorization of [basic(token, 'unused'), `Bearer ${token}`]) {
      refused(t, await ask('GET', '/token', { authorization }), 401, 'Unauthorized Access')
    }
  })
  t.test('whatever is wrong with credentials, the answer is the same 401 with its challenge', async (t) => {
    const [head, claims, signature] = token.split('.')
    const wrong = [
      null,
      basic('nobody', 'x'),
      basic('root', `${adminPassword} `),
      basic(token.slice(0, -4), 'unused'),
      `Bearer ${head}.${claims}.${signature?.split('').reverse().join('')}`,
      `Bearer ${Buffer.from('{"alg":"none"}').toString('base64url')}.${claims}.`,
      'Bearer x',
      'Bearer',
      'Basic !!!',
      'Basic',
      `Basic ${Buffer.from('no colon').toString('base64')}`,
      'Digest username="root"',
      adminPassword,
      basic('', ''),
      basic('root:x', adminPassword),
    ]
    const seen = new Set<string>()
    for (const authorization of wrong) {
      const answer = await ask('GET', '/hosts', { authorization })
      refused(t, answer, 401, 'Unauthorized Access')
      t.equal(answer.headers.get('www-authenticate'), 'Basic realm="Authentication Required"')
      seen.add(answer.text)
    }
    t.equal(seen.size, 1, 'all alike')
  })
  t.test('credentials come before everything else that could be wrong', async (t) => {
    const authorization = basic('nobody', 'x')
    refused(t, await ask('POST', '/hosts', { authorization, body: '{' }), 401, 'Unauthorized Access')
    refused(t, await ask('GET', '/hosts?nope=1', { authorization }), 401, 'Unauthorized Access')
    refused(t, await ask('DELETE', '/nothing', { authorization }), 401, 'Unauthorized Access')
  })
  t.test('ten failed logins in a minute throttle the account, whatever X-Forwarded-For says', async (t) => {
    let last = await ask('GET', '/hosts', { authorization: basic('throttled', 'x') })
    for (let tries = 1; tries < 12; tries += 1) {
      last = await ask('GET', '/hosts', {
        authorization: basic('throttled', 'x'),
        headers: { 'x-forwarded-for': `192.0.2.${tries}` },
      })
      if (tries < 10) t.equal(last.status, 401, `try ${tries + 1}`)
    }
    refused(t, last, 429, /^Too many failed logins/)
    t.match(Number(last.headers.get('retry-after')), Number)
    t.ok(Number(last.headers.get('retry-after')) > 0)
    t.equal((await good(basic('root', adminPassword))).status, 200, 'others are not')
    t.equal((await good(`Bearer ${token}`)).status, 200, 'nor are tokens')
  })
  t.test('health, description and browser need no credentials', async (t) => {
    for (const path of ['/healthz', '/readyz']) t.equal((await fetch(url + path)).status, 200, path)
  })
}
