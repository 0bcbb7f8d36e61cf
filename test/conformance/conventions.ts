// REST contract, section 1: what holds for every endpoint.
import type { Test } from 'tap'
import { describedAt } from '../harness/described.ts'
import { listOf, pick, plainHost, refused, rowRefused, type World } from './world.ts'

const repeat = (length: number, text = 'x') => text.repeat(length)

export async function envelopes(t: Test, { ask, get, post, url }: World): Promise<void> {
  t.test('the examples of the description are as it says, key by key', async (t) => {
    t.same((await describedAt(url)()).faultsOfExamples(), [])
  })
  t.test('success stands under the one top-level key api_response', async (t) => {
    for (const path of ['/regions', '/jump_hosts', '/server_repositories', '/custom_command_profiles']) {
      const answer = await get(path)
      t.equal(answer.status, 200)
      t.same(Object.keys(answer.body), ['api_response'], path)
    }
    t.same(Object.keys((await get('/install')).body), ['api_response'], 'jobs without page')
  })
  t.test('lists with pages have the siblings current_page and total_pages', async (t) => {
    for (const path of ['/hosts', '/install?page=1']) {
      const { body } = await get(path)
      t.same(Object.keys(body).sort(), ['api_response', 'current_page', 'total_pages'], path)
      t.same([body['current_page'], body['total_pages']], [1, 1])
    }
  })
  t.test('GET /token answers a token without envelope', async (t) => {
    const { status, body } = await get('/token')
    t.equal(status, 200)
    t.same(Object.keys(body), ['token'])
    t.type(body['token'], 'string')
  })
  t.test('a request that fails as a whole answers status FAILED and a status_message', async (t) => {
    refused(t, await get('/hosts?region=no-such'), 400, "Region 'no-such' does not exist in the database.")
  })
  t.test(
    'rows answer in request order, 207 where some failed, 400 where all did, 200 where none',
    async (t) => {
      const bad = (region_name: string) => ({ region_name, nonsense: 1 })
      const some = await post('/regions', [bad('order 1'), { region_name: 'order 2' }, bad('order 3')])
      t.equal(some.status, 207)
      t.same(pick(listOf(some), 'status', 'region_name'), [
        { status: 'FAILED', region_name: 'order 1' },
        { status: 'SUCCESS', region_name: 'order 2' },
        { status: 'FAILED', region_name: 'order 3' },
      ])
      t.equal(listOf(some)[0]?.['status_message'], "The following key, 'nonsense', is invalid.")
      t.equal((await post('/regions', [bad('order 1'), bad('order 3')])).status, 400)
      t.equal((await post('/regions', [{ region_name: 'order 1' }, { region_name: 'order 3' }])).status, 200)
    },
  )
  t.test('an object is a list of one', async (t) => {
    const answer = await post('/regions', { region_name: 'alone' })
    t.same(listOf(answer), [{ status: 'SUCCESS', region_name: 'alone' }])
  })
  t.test('nothing below /api/v1 may be stored by caches', async (t) => {
    const answers = [
      get('/hosts'),
      get('/token'),
      get('/no-such'),
      ask('GET', '/hosts', { authorization: null }),
    ]
    for (const { headers } of await Promise.all(answers)) t.equal(headers.get('cache-control'), 'no-store')
  })
}

export async function bodies(t: Test, { ask, get, post }: World): Promise<void> {
  const good = JSON.stringify({ region_name: 'never made' })
  const refusals: [string, unknown, Record<string, string>?][] = [
    ['an empty list', []],
    ['malformed JSON', '{"region_name": "never made"'],
    ['an empty body', ''],
    ['a body of blanks', '  \n'],
    ['a number', 7],
    ['a string', '"never made"'],
    ['null', 'null'],
    ['true', 'true'],
    ['a list that holds a number', [{ region_name: 'never made' }, 7]],
    ['a list that holds a list', [[{ region_name: 'never made' }]]],
    ['a list that holds null', [{ region_name: 'never made' }, null]],
    ['another Content-Type', good, { 'content-type': 'text/plain' }],
    ['a form', good, { 'content-type': 'application/x-www-form-urlencoded' }],
    ['JSON of another kind', good, { 'content-type': 'application/json-patch+json' }],
    ['no Content-Type', new TextEncoder().encode(good), {}],
  ]
  for (const path of ['/regions', '/hosts', '/install']) {
    t.test(`POST ${path} refuses as a whole what is not a list of objects, and does nothing`, async (t) => {
      for (const [what, body, headers] of refusals) {
        const answer = await ask('POST', path, { body, ...(headers === undefined ? {} : { headers }) })
        t.equal(answer.body.api_response?.['status'], 'FAILED', what)
        t.equal(answer.status, 400, what)
      }
      const names = listOf(await get('/regions')).map((row) => row['region_name'])
      t.notOk(names.includes('never made'))
    })
  }
  t.test('Content-Type may have parameters and capital letters', async (t) => {
    for (const type of ['application/json; charset=utf-8', 'Application/JSON ;charset="UTF-8"']) {
      const answer = await ask('POST', '/regions', {
        body: { region_name: 'parameters' },
        headers: { 'content-type': type },
      })
      t.equal(answer.status, 200, type)
    }
  })
  t.test('10,000 rows are taken, 10,001 are 413', async (t) => {
    const rows = (count: number) => Array.from({ length: count }, (_, i) => ({ profile_name: `p${i}`, x: 1 }))
    const answer = await post('/custom_command_profiles', rows(10_000))
    t.equal(answer.status, 400, 'each was looked at')
    t.equal(listOf(answer).length, 10_000)
    refused(t, await post('/custom_command_profiles', rows(10_001)), 413, /too large/)
  })
  t.test('16 MiB are taken, one byte more is 413', async (t) => {
    const limit = 16 * 1024 * 1024
    const bytes = (length: number) => `{"region_name":"big","x":"${repeat(length - 28)}"}`
    t.equal(bytes(limit).length, limit)
    rowRefused(t, await post('/regions', bytes(limit)), "The following key, 'x', is invalid.")
    refused(t, await post('/regions', bytes(limit + 1)), 413, /too large/)
  })
  t.test('GET and DELETE ignore Content-Type and body', async (t) => {
    for (const type of ['application/json', 'text/plain', 'nonsense']) {
      t.equal((await ask('GET', '/regions', { headers: { 'content-type': type } })).status, 200, type)
      await post('/regions', { region_name: 'ignores bodies' })
      const removed = await ask('DELETE', '/regions/ignores%20bodies/delete', {
        headers: { 'content-type': type },
        body: '{"not json',
      })
      t.equal(removed.status, 200, type)
    }
  })
}

export async function paths(t: Test, { ask, get }: World): Promise<void> {
  t.test('an unknown path is 404', async (t) => {
    for (const path of ['/', '/nothing', '/hosts/', '/hosts/R1', '/regions/a/b/delete', '/Hosts']) {
      refused(t, await get(path), 404, 'Not Found')
    }
  })
  t.test('a wrong method is 405 with Allow', async (t) => {
    const wrong: [string, string, string[]][] = [
      ['DELETE', '/hosts', ['GET', 'POST']],
      ['PUT', '/install', ['GET', 'POST']],
      ['PATCH', '/regions', ['GET', 'POST']],
      ['GET', '/hosts/R1/delete', ['DELETE']],
      ['POST', '/token', ['GET']],
      ['POST', '/install/logs/1', ['GET']],
      ['GET', '/install/delete', ['DELETE']],
    ]
    for (const [method, path, allowed] of wrong) {
      const answer = await ask(method, path)
      refused(t, answer, 405, 'Method Not Allowed')
      const allow = (answer.headers.get('allow') ?? '').split(', ').filter((each) => each !== 'HEAD')
      t.same(allow, allowed, `${method} ${path}`)
    }
  })
  t.test('a URL that cannot be decoded is 400', async (t) => {
    for (const path of ['/hosts/%zz/delete', '/hosts/%E4/packages', '/regions?region_name=%ff']) {
      refused(t, await get(path), 400, 'The URL could not be decoded.')
    }
  })
  t.test('an over-long parameter of a path is 400', async (t) => {
    for (const length of [51, 101, 5_000]) {
      refused(t, await get(`/hosts/${repeat(length)}/packages`), 400, /too long/)
      refused(t, await ask('DELETE', `/regions/${repeat(length + 50)}/delete`), 400, /too long/)
    }
  })
  t.test('without valid credentials everything is 401, unknown paths included', async (t) => {
    const all = [
      '/hosts',
      '/nothing',
      '/hosts/%zz/delete',
      '/',
      `/hosts/${repeat(5_000)}/packages`,
      '/install/logs/x',
    ]
    for (const path of all) {
      refused(t, await ask('GET', path, { authorization: null }), 401, 'Unauthorized Access')
    }
    refused(
      t,
      await ask('POST', '/hosts', { authorization: null, body: 'no JSON' }),
      401,
      'Unauthorized Access',
    )
  })
}

export async function parameters(t: Test, { get, remove }: World): Promise<void> {
  const queries = [
    '/hosts',
    '/regions',
    '/jump_hosts',
    '/server_repositories',
    '/custom_command_profiles',
    '/install',
  ]
  t.test('an unknown query parameter is 400 naming it, several name all', async (t) => {
    for (const path of [...queries, '/token', '/install/logs/1']) {
      refused(t, await get(`${path}?nope=1`), 400, "Following parameter, 'nope', is not allowed.")
      refused(t, await get(`${path}?no=1&never=`), 400, "Following parameters, 'no,never', are not allowed.")
    }
    refused(t, await remove('/install/delete?Id=1'), 400, "Following parameter, 'Id', is not allowed.")
    refused(t, await remove('/regions/x/delete?a=1'), 400, "Following parameter, 'a', is not allowed.")
    refused(t, await get('/hosts/x/packages?a=1'), 400, "Following parameter, 'a', is not allowed.")
  })
  const known = {
    '/hosts': ['region', 'family', 'page', 'hostname'],
    '/regions': ['region_name'],
    '/jump_hosts': ['hostname'],
    '/server_repositories': ['hostname'],
    '/custom_command_profiles': ['profile_name'],
    '/install': ['hostname', 'install_action', 'status', 'scheduled_time', 'utc_offset', 'page', 'id'],
  }
  t.test('a query parameter that is given twice or empty is 400 naming it', async (t) => {
    for (const [path, names] of Object.entries(known)) {
      for (const name of names) {
        refused(
          t,
          await get(`${path}?${name}=1&${name}=1`),
          400,
          `Parameter '${name}' is given more than once.`,
        )
        for (const empty of ['', '=', '=%20']) {
          refused(t, await get(`${path}?${name}${empty}`), 400, `Parameter '${name}' must not be empty.`)
        }
      }
    }
    for (const name of ['id', 'hostname', 'status']) {
      refused(t, await remove(`/install/delete?${name}=`), 400, `Parameter '${name}' must not be empty.`)
      refused(t, await remove(`/install/delete?${name}=1&${name}=2`), 400, /more than once/)
    }
  })
}

export async function keys(t: Test, world: World): Promise<void> {
  const { post, get, rows } = world
  const one = (row: object) => post('/hosts', { hostname: 'never kept', ...plainHost, ...row })
  t.test('an unknown JSON key fails the row, several are all named', async (t) => {
    rowRefused(t, await one({ colour: 'red' }), "The following key, 'colour', is invalid.")
    rowRefused(
      t,
      await one({ colour: 1, Hostname: 'x' }),
      "The following keys, 'colour,Hostname', are invalid.",
    )
    const proto = '{"region_name":"never kept","__proto__":{"a":1},"constructor":1}'
    rowRefused(t, await post('/regions', proto), "The following keys, '__proto__,constructor', are invalid.")
  })
  t.test('a JSON value of the wrong type fails the row and is told what it must be', async (t) => {
    const strings = [
      'region',
      'connection_type',
      'username',
      'password',
      'enable_password',
      'jump_host',
      'location',
    ]
    for (const key of strings) {
      for (const wrong of [1, true, ['x'], { x: 1 }]) {
        rowRefused(t, await one({ [key]: wrong }), `'${key}' must be a string.`)
      }
    }
    rowRefused(t, await post('/hosts', { hostname: 5 }), "'hostname' must be a string.")
    for (const key of ['roles', 'ts_or_ip', 'port_number']) {
      for (const wrong of [true, { x: 1 }, [['x']], [null]]) {
        rowRefused(t, await one({ [key]: wrong }), `'${key}' must be a string or a list of strings.`)
      }
    }
    rowRefused(t, await one({ roles: 7 }), "'roles' must be a string or a list of strings.")
  })
  t.test('null is the same as an absent key', async (t) => {
    await world.host('null keeps', { roles: 'PE', location: 'here', jump_host: null, port_number: null })
    await rows('POST', '/hosts', { hostname: 'null keeps', roles: null, location: null, region: null })
    const [row] = await rows('GET', '/hosts?hostname=null%20keeps')
    t.match(row, { roles: 'PE', location: 'here', jump_host: '', port_number: '' })
    rowRefused(t, await post('/hosts', { hostname: null, ...plainHost }), "'' is an invalid hostname.")
    rowRefused(t, await one({ region: null }), "Missing JSON key: 'region'.")
  })
  t.test('comma delimited fields take text or lists; blanks around items go, empty items too', async (t) => {
    const forms: [object, object][] = [
      [{ roles: ' PE , P,, ' }, { roles: 'PE,P' }],
      [{ roles: ['PE', ' P,RR ', ''] }, { roles: 'PE,P,RR' }],
      [{ ts_or_ip: '192.0.2.1 ,192.0.2.2' }, { ts_or_ip: '192.0.2.1,192.0.2.2' }],
      [{ ts_or_ip: ['192.0.2.1', '192.0.2.3'] }, { ts_or_ip: '192.0.2.1,192.0.2.3' }],
      [{ port_number: '22, 2022' }, { port_number: '22,2022' }],
      [{ port_number: [23, '2023'] }, { port_number: '23,2023' }],
      [{ port_number: 24 }, { port_number: '24' }],
    ]
    for (const [given, kept] of forms) {
      await world.host('forms', given)
      const [row] = await rows('GET', '/hosts?hostname=forms')
      t.match(row, kept, JSON.stringify(given))
    }
  })
  t.test('credentials are never trimmed or changed', async (t) => {
    await world.host('blanks', { username: '  two  blanks  ', password: '  ' })
    const [row] = await rows('GET', '/hosts?hostname=blanks')
    t.equal(row?.['host_username'], '  two  blanks  ')
  })
  t.test('no string may hold a control character', async (t) => {
    const fields = ['hostname', 'region', 'roles', 'connection_type', 'ts_or_ip', 'username', 'password']
    const more = ['enable_password', 'port_number', 'jump_host', 'location']
    for (const key of [...fields, ...more]) {
      for (const character of ['\n', '\r', '\0', '\u001b', '\u007f', '\u0085', '\t']) {
        const answer = await one({ [key]: `a${character}b` })
        rowRefused(t, answer, `'${key}' must not contain control characters.`)
      }
    }
    const command_list = ['show version\nreload']
    const profile = await post('/custom_command_profiles', { profile_name: 'never kept', command_list })
    rowRefused(t, profile, "'command_list' must not contain control characters.")
    refused(t, await get('/hosts?family=a%00b'), 400, /control characters/)
    refused(t, await get('/hosts/a%0Ab/packages'), 400, /control characters/)
  })
}

export async function names(t: Test, world: World): Promise<void> {
  const { get, post, remove, rows } = world
  t.test('names are trimmed and runs of blanks collapsed, in body, query and path', async (t) => {
    const created = await post('/regions', { region_name: '  blanks   everywhere ' })
    t.same(listOf(created), [{ status: 'SUCCESS', region_name: 'blanks everywhere' }])
    t.equal((await rows('GET', '/regions?region_name=%20blanks++everywhere%20')).length, 1)
    await world.host('  in  blanks', { region: ' blanks  everywhere' })
    t.equal((await rows('GET', '/hosts?hostname=in%20%20blanks&region=blanks+++everywhere')).length, 1)
    t.equal((await get('/hosts/%20in%20%20blanks/packages')).status, 200)
    t.equal((await remove('/hosts/in%20%20%20blanks/delete')).status, 200)
    t.equal((await remove('/regions/blanks%20%20everywhere%20/delete')).status, 200)
  })
  t.test('names are compared exactly', async (t) => {
    await world.host('Case')
    refused(t, await get('/hosts?hostname=case'), 400, "Host 'case' does not exist in the database.")
  })
  t.test('every character of a name that is allowed is kept, a / in a path is %2F', async (t) => {
    const name = 'a-Z 0.9_x:y+z@w/(v)'
    await post('/regions', { region_name: name })
    t.same(pick(await rows('GET', `/regions?region_name=${encodeURIComponent(name)}`), 'region_name'), [
      { region_name: name },
    ])
    t.same((await remove(`/regions/${encodeURIComponent(name)}/delete`)).body.api_response, {
      status: 'SUCCESS',
      region_name: name,
    })
  })
  t.test('other characters are refused, naming the name and what is allowed', async (t) => {
    const allowed = 'It should only contain a-z, A-Z, 0-9, blanks and ().-_:+@/'
    for (const name of [
      'a,b',
      'a;b',
      'a|b',
      'a?b',
      'ä',
      '<b>',
      "a'b",
      'a*b',
      'a#b',
      '１',
      'a\u00a0b',
      '.',
      '..',
    ]) {
      const message = `"${name}" contains invalid characters. ${allowed}`
      rowRefused(t, await post('/hosts', { hostname: name, ...plainHost }), message)
      rowRefused(t, await post('/regions', { region_name: name }), message)
      rowRefused(t, await post('/jump_hosts', { hostname: name }), message)
      rowRefused(t, await post('/server_repositories', { hostname: name }), message)
      rowRefused(t, await post('/custom_command_profiles', { profile_name: name }), message)
      refused(t, await get(`/hosts?hostname=${encodeURIComponent(name)}`), 400, message)
      refused(t, await get(`/hosts?region=${encodeURIComponent(name)}`), 400, message)
      if (!name.startsWith('.'))
        refused(t, await remove(`/regions/${encodeURIComponent(name)}/delete`), 400, message)
    }
  })
}
