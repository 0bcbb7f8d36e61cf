// REST contract, section 2: authentication. API guide, overview. (Who may do what is another suite's.)
import { request } from 'node:http'
import type { Test } from 'tap'
import { describedAt } from '../harness/described.ts'
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
    const ofOneRequest = ['date', 'x-request-id']
    for (const authorization of wrong) {
      const answer = await ask('GET', '/hosts', { authorization })
      refused(t, answer, 401, 'Unauthorized Access')
      t.equal(answer.headers.get('www-authenticate'), 'Basic realm="Authentication Required"')
      const headers = [...answer.headers].filter(([name]) => !ofOneRequest.includes(name))
      seen.add(JSON.stringify([answer.text, headers]))
    }
    t.same([...seen].slice(1), [], 'all alike, every header too')
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
  t.test('a hundred failed logins in a minute throttle the address, whoever is tried', async (t) => {
    // As another client: the whole of 127.0.0.0/8 is this machine.
    const from = (localAddress: string, authorization: string, headers = {}, path = '/api/v1/regions') =>
      new Promise<{ status: number | undefined; retryAfter: string | undefined }>((resolve, reject) => {
        const options = { localAddress, agent: false, headers: { authorization, ...headers } }
        const sent = request(`${url}${path}`, options, (answer) => {
          answer.resume()
          answer.once('end', () =>
            resolve({ status: answer.statusCode, retryAfter: answer.headers['retry-after'] }),
          )
        })
        sent.once('error', reject).end()
      })
    const guess = (n: number) => from('127.0.0.77', basic(`guess-${n}`, 'x'))
    const tries = Array.from({ length: 100 }, (_, n) => n)
    // Some at a time, as a guesser would.
    for (let start = 0; start < 100; start += 20) {
      const answers = await Promise.all(tries.slice(start, start + 20).map(guess))
      t.same([...new Set(answers.map(({ status }) => status))], [401])
    }
    const root = basic('root', adminPassword)
    for (const headers of [{}, { 'x-forwarded-for': '192.0.2.1' }]) {
      const throttled = await from('127.0.0.77', root, headers)
      t.equal(throttled.status, 429, 'also with the right password')
      t.match(throttled.retryAfter, /^[1-9]\d?$/)
    }
    t.equal((await from('127.0.0.77', root, {}, '/download/im/agent.zip')).status, 429, 'downloads too')
    t.equal((await from('127.0.0.77', `Bearer ${token}`)).status, 200, 'valid tokens never')
    t.equal((await from('127.0.0.78', root)).status, 200, 'nor other addresses')
  })
  t.test('health, description and browser need no credentials', async (t) => {
    const { hold } = await describedAt(url)()
    for (const path of ['/healthz', '/readyz']) {
      const answer = await fetch(url + path)
      t.equal(answer.status, 200, path)
      const contentType = answer.headers.get('content-type')
      hold('GET', path, { status: answer.status, contentType, body: await answer.json() })
    }
    const page = await fetch(`${url}/docs`)
    t.equal(page.status, 200)
    t.match(page.headers.get('content-type'), /^text\/html/)
  })
}
