// REST contract, section 2: who may do what. Every endpoint that the running Slipway describes × every privilege × no,
// expired, forged and revoked tokens. The table is written by hand after the contract's, apart from the product's own.
import t, { type Test } from 'tap'
import { forgeTokens } from '../harness/forged-tokens.ts'
import { openSlipway } from '../harness/shared.ts'
import { revokeTokens, type UsersWorld, userPassword, users } from './users.ts'
import { type Answer, basic, connectTo, readAnswer } from './world.ts'

const everybody = ['Admin', 'Network Admin', 'Operator', 'Viewer']
const managers = everybody.slice(0, 2)
const operators = everybody.slice(0, 3)
const admins = everybody.slice(0, 1)

/** Who may, by endpoint: exactly those that the running product says it has. */
const table: Record<string, readonly string[] | 'password' | 'public'> = {
  'GET /token': 'password',
  'POST /hosts': managers,
  'GET /hosts': everybody,
  'DELETE /hosts/{}/delete': managers,
  'GET /hosts/{}/packages': everybody,
  'GET /hosts/{}/inventory': everybody,
  'POST /hosts/{}/inventory': operators,
  'POST /regions': managers,
  'GET /regions': everybody,
  'DELETE /regions/{}/delete': managers,
  'POST /jump_hosts': managers,
  'GET /jump_hosts': everybody,
  'DELETE /jump_hosts/{}/delete': managers,
  'POST /server_repositories': managers,
  'GET /server_repositories': everybody,
  'DELETE /server_repositories/{}/delete': managers,
  'POST /custom_command_profiles': managers,
  'GET /custom_command_profiles': everybody,
  'DELETE /custom_command_profiles/{}/delete': managers,
  'POST /install': operators,
  'GET /install': everybody,
  'DELETE /install/delete': operators,
  'GET /install/logs/{}': operators,
  'GET /install/{}/events': operators,
  'POST /install/{}/cancel': operators,
  'POST /install/{}/resubmit': operators,
  'GET /dispatch': everybody,
  'POST /dispatch': managers,
  'GET /cco/catalog': everybody,
  'GET /cco/software': everybody,
  'GET /cco/software/{}': everybody,
  'GET /cco/get_optimized_software': everybody,
  'POST /cco/import': managers,
  'GET /cco/import/{}': everybody,
  'GET /distributions': everybody,
  'PUT /distributions/{}/{}': managers,
  'GET /distributions/{}/{}/activity': everybody,
  'DELETE /distributions/{}/{}': managers,
  'POST /distributions/{}/{}/links': managers,
  'POST /users': admins,
  'GET /users': admins,
  'DELETE /users/{}/delete': admins,
  'POST /users/me/password': everybody,
  'GET /openapi.json': 'public',
  'GET /download/{}/{}': everybody,
}

interface Endpoint {
  method: string
  /** Below /api/v1, but for files of distributions. */
  path: string
  may: readonly string[] | 'password' | 'public'
}

/** Section 7: files stand outside of /api/v1, and have refusals of their own. */
const isDownload = ({ path }: Endpoint) => path.startsWith('/download/')

/** What the product says it has; an unknown endpoint is a failure of the test, and a row of the table without one. */
async function endpoints(t: Test, url: string): Promise<Endpoint[]> {
  const response = await fetch(`${url}/api/v1/openapi.json`)
  const { paths } = (await response.json()) as { paths: Record<string, Record<string, unknown>> }
  const found = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => [method.toUpperCase(), path] as const),
  )
  const leftOver = new Set(Object.keys(table))
  const all = found.flatMap(([method, described]) => {
    const path = described.replace(/^\/api\/v1/, '')
    const name = `${method} ${path.replace(/\{\w+\}/g, '{}')}`
    const may = table[name]
    // Links prove themselves, and health needs nothing: other tests tell of them.
    if (may === undefined && !described.startsWith('/api/v1/')) return []
    leftOver.delete(name)
    if (may === undefined) t.fail(`${name} must stand in the table of this test`)
    return may === undefined ? [] : [{ method, path, may }]
  })
  t.same([...leftOver], [], 'each row of the table is of an endpoint')
  return all
}

/** Sends nothing that could change anything: whoever is let in is told that his request is wrong. */
function knockAt(url: string, ask: UsersWorld['ask']) {
  const download = async (authorization: string | null) =>
    readAnswer(
      await fetch(`${url}/download/nobody/agent.zip`, {
        headers: authorization === null ? {} : { authorization },
      }),
    )
  const knockOnce = (endpoint: Endpoint, authorization: string | null) => {
    if (isDownload(endpoint)) return download(authorization)
    const { method, path } = endpoint
    return ask(method, path.replace(/\{id\}/g, '999999').replace(/\{\w+\}/g, 'nobody'), {
      authorization,
      ...(method === 'POST' || method === 'PUT' ? { body: [] } : {}),
    })
  }
  /** A busy machine may say 503, try again; that is no word about permission. */
  const knock = async (endpoint: Endpoint, authorization: string | null): Promise<Answer> => {
    const answer = await knockOnce(endpoint, authorization)
    return answer.status === 503 ? knockOnce(endpoint, authorization) : answer
  }
  return knock
}

/** Runs works a few at a time, as many as a small machine answers at once. */
async function fewAtATime<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  for (let start = 0; start < items.length; start += 8) {
    results.push(...(await Promise.all(items.slice(start, start + 8).map(work))))
  }
  return results
}

const messageOf = ({ body }: Answer) => body.api_response?.['status_message']

/** What is wrong with an answer that must be a refusal of unknown callers; '' if nothing is. */
const asStranger = (answer: Answer) =>
  answer.status === 401 &&
  messageOf(answer) === 'Unauthorized Access' &&
  answer.headers.get('www-authenticate') === 'Basic realm="Authentication Required"'
    ? ''
    : `${answer.status} ${answer.text.slice(0, 200)}`

/** The same of an endpoint's answer: a file that nobody may see is Forbidden, without a challenge. */
function asStrangerAt(endpoint: Endpoint, answer: Answer): string {
  if (!isDownload(endpoint)) return asStranger(answer)
  return isFileRefusal(answer, 403, 'Forbidden') ? '' : `${answer.status} ${answer.text.slice(0, 200)}`
}

const isFileRefusal = (answer: Answer, status: number, message: string) =>
  answer.status === status && messageOf(answer) === message && answer.headers.get('www-authenticate') === null

function asKnownAt(endpoint: Endpoint, answer: Answer, isAllowed: boolean): string {
  if (!isDownload(endpoint)) return asKnown(answer, isAllowed)
  // Everybody whom Slipway knows may; there is no file of this name.
  return isFileRefusal(answer, 404, 'Not Found') ? '' : `${answer.status} ${answer.text.slice(0, 200)}`
}

function asKnown(answer: Answer, isAllowed: boolean): string {
  const isDenied =
    answer.status === 401 &&
    messageOf(answer) === 'Not Authorized' &&
    answer.headers.get('www-authenticate') === null
  const isLetIn = answer.status < 500 && ![401, 403, 405, 429].includes(answer.status)
  return (isAllowed ? isLetIn : isDenied) ? '' : `${answer.status} ${answer.text.slice(0, 200)}`
}

t.test('who may do what', async (t) => {
  const slipway = await openSlipway()
  t.teardown(() => slipway.close())
  const { ask } = connectTo(slipway.url)
  const knock = knockAt(slipway.url, ask)
  const known = everybody.map((privilege) => ({
    username: `user ${privilege}`,
    password: userPassword,
    privilege,
  }))
  t.equal((await ask('POST', '/users', { body: known })).status, 200)
  const tokens = new Map<string, string>()
  for (const { username, privilege } of known) {
    const answer = await ask('GET', '/token', { authorization: basic(username, userPassword) })
    tokens.set(privilege, String(answer.body['token']))
  }
  const all = await endpoints(t, slipway.url)
  const closed = all.filter(({ may }) => may !== 'public')
  t.ok(all.length > 30, `${all.length} endpoints`)

  t.test('each privilege may do what the table says, by token and by password', async (t) => {
    for (const { username, privilege } of known) {
      const credentials = [basic(tokens.get(privilege) ?? '', 'unused'), basic(username, userPassword)]
      const knocks = all.flatMap((endpoint) => credentials.map((each, index) => ({ endpoint, each, index })))
      const wrong = await fewAtATime(knocks, async ({ endpoint, each, index }) => {
        const { may, method, path } = endpoint
        const answer = await knock(endpoint, each)
        if (may === 'password' && index === 0) return asStranger(answer)
        const isAllowed = typeof may === 'string' || may.includes(privilege)
        const found = asKnownAt(endpoint, answer, isAllowed)
        return found === '' ? '' : `${method} ${path}: ${found}`
      })
      t.same(wrong.filter(Boolean), [], privilege)
    }
  })

  const refusedEverywhere = async (t: Test, what: string, authorization: string | null) => {
    const wrong = await fewAtATime(closed, async (endpoint) => {
      const found = asStrangerAt(endpoint, await knock(endpoint, authorization))
      return found === '' ? '' : `${endpoint.method} ${endpoint.path}: ${found}`
    })
    t.same(wrong.filter(Boolean), [], what)
  }

  t.test('no token, an expired one and forged ones are refused by every endpoint', async (t) => {
    const { accepted, refused } = await forgeTokens(slipway.dataDir, tokens.get('Admin') ?? '')
    const control = await ask('GET', '/regions', { authorization: `Bearer ${accepted}` })
    t.equal(control.status, 200, 'a token made like the bad ones, with nothing wrong, is good')
    await refusedEverywhere(t, 'no token', null)
    for (const [what, token] of refused) await refusedEverywhere(t, what, `Bearer ${token}`)
    for (const [what, token] of refused) {
      const answer = await ask('GET', '/regions', { authorization: basic(token, 'unused') })
      t.equal(asStranger(answer), '', `${what}, as user name`)
    }
  })

  t.test('what is public needs nothing', async (t) => {
    for (const endpoint of all.filter(({ may }) => may === 'public')) {
      t.equal((await knock(endpoint, null)).status, 200, endpoint.path)
    }
  })

  t.test('revoked tokens are refused by every endpoint within five seconds', async (t) => {
    for (const [name, token] of await revokeTokens(t, { ask })) {
      await refusedEverywhere(t, name, `Bearer ${token}`)
      // Of the distribution service, which looks at credentials itself: no file of that name would be 404.
      for (const authorization of [`Bearer ${token}`, basic(token, 'unused')]) {
        const { status } = await fetch(`${slipway.url}/download/im/agent.zip`, { headers: { authorization } })
        t.equal(status, 403, `/download, ${name}`)
      }
    }
    const headers = { authorization: `Bearer ${tokens.get('Viewer')}` }
    t.equal(
      (await fetch(`${slipway.url}/download/im/agent.zip`, { headers })).status,
      404,
      'others are let in',
    )
  })

  t.test('users', (t) => users(t, { ask }))
})
