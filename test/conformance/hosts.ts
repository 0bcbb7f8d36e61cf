// REST contract, section 3: hosts. API guide 1.1.
import { until } from '@slipway/test-kit'
import type { Test } from 'tap'
import {
  ahead,
  hostRow,
  listOf,
  pick,
  plainHost,
  type Row,
  refused,
  region,
  rowRefused,
  type World,
} from './world.ts'

/** The guide's sample of two hosts (1.1.1); its text lost underscores and its answer. */
const sampleRow = {
  hostname: 'My Host 1',
  region,
  roles: 'PE',
  connection_type: 'telnet',
  ts_or_ip: '172.28.98.2',
  username: 'cisco',
  password: 'cisco',
}

export async function hostSamples(t: Test, { get, post, remove, ask }: World): Promise<void> {
  t.test("the guide's sample creates one host, and two that may share an address", async (t) => {
    t.same(listOf(await post('/hosts', [sampleRow])), [{ status: 'SUCCESS', hostname: 'My Host 1' }])
    const { status, body } = await post('/hosts', [sampleRow, { ...sampleRow, hostname: 'My Host 2' }])
    t.equal(status, 200)
    t.same(body, {
      api_response: {
        host_list: [
          { status: 'SUCCESS', hostname: 'My Host 1' },
          { status: 'SUCCESS', hostname: 'My Host 2' },
        ],
      },
    })
  })
  t.test("the guide's demo client sends host_or_ip in place of ts_or_ip", async (t) => {
    const { ts_or_ip: host_or_ip, ...row } = sampleRow
    t.equal((await post('/hosts', { ...row, host_or_ip })).status, 200)
    await post('/hosts', { ...row, ts_or_ip: '192.0.2.9', host_or_ip })
    const [host] = listOf(await get('/hosts?hostname=My Host 1'))
    t.equal(host?.['ts_or_ip'], '192.0.2.9', 'where both are given ts_or_ip counts')
  })
  t.test('host_or_ip is held to the rules of all keys, also where it does not count', async (t) => {
    const { ts_or_ip, ...row } = sampleRow
    for (const rest of [row, { ...row, ts_or_ip }]) {
      const type = "'host_or_ip' must be a string or a list of strings."
      rowRefused(t, await post('/hosts', { ...rest, host_or_ip: 7 }), type)
      const control = "'host_or_ip' must not contain control characters."
      rowRefused(t, await post('/hosts', { ...rest, host_or_ip: '10.0.0.1\nreload' }), control)
      const long = "'host_or_ip' is too long: at most 100 characters."
      rowRefused(t, await post('/hosts', { ...rest, host_or_ip: 'x'.repeat(101) }), long)
    }
  })
  t.test('GET /hosts has every key of the sample answer, as text, and those of later releases', async (t) => {
    const { body } = await get('/hosts')
    t.type(body['current_page'], 'number')
    t.type(body['total_pages'], 'number')
    const [host] = listOf(await get('/hosts?hostname=My Host 2'))
    t.match(host, {
      hostname: 'My Host 2',
      region,
      roles: 'PE',
      connection_type: 'telnet',
      ts_or_ip: '172.28.98.2',
      host_username: 'cisco',
      port_number: '',
      jump_host: '',
      family: 'Unknown',
      hardware: 'Unknown',
      software_platform: 'Unknown',
      software_version: 'Unknown',
      os_type: 'Unknown',
      username: 'cisco',
      chassis: 'Unknown',
      location: '',
      created_by: 'root',
      created_time: /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/,
    })
    t.equal(Object.keys(host ?? {}).length, 18)
  })
  t.test('passwords never appear', async (t) => {
    await post('/hosts', { ...sampleRow, password: 'a-secret-1', enable_password: 'a-secret-2' })
    t.notMatch((await get('/hosts')).text, /a-secret|assword/)
  })
  t.test("the guide's sample requests of GET are answered", async (t) => {
    for (const query of ['', '?region=SJ Labs', '?region=SJ%20Labs&family=ASR9K', '?region=SJ+Labs&page=1']) {
      t.equal((await get(`/hosts${query}`)).status, 200, query)
    }
    refused(t, await get('/hosts?region=SJ Labs&page=2'), 400, 'Unknown page number')
  })
  t.test('DELETE answers SUCCESS and the name', async (t) => {
    await post('/hosts', { ...sampleRow, hostname: 'My Host' })
    const answer = await ask('DELETE', '/hosts/My%20Host/delete')
    t.equal(answer.status, 200)
    t.same(answer.body, { api_response: { status: 'SUCCESS', hostname: 'My Host' } })
    refused(t, await remove('/hosts/My%20Host/delete'), 400, "Host 'My Host' does not exist in the database.")
  })
}

export async function hostUpserts(t: Test, world: World): Promise<void> {
  const { post, rows, host, get } = world
  const one = async (hostname: string) =>
    (await rows('GET', `/hosts?hostname=${encodeURIComponent(hostname)}`))[0]
  t.test('creating needs hostname, region, connection_type and ts_or_ip, in this order', async (t) => {
    const rest: Row = { hostname: 'incomplete', ...plainHost }
    for (const key of ['region', 'connection_type', 'ts_or_ip']) {
      const { [key]: _, ...row } = rest
      rowRefused(t, await post('/hosts', row), `Missing JSON key: '${key}'.`)
      for (const empty of ['', ' ', null]) {
        rowRefused(t, await post('/hosts', { ...rest, [key]: empty }), `Missing JSON key: '${key}'.`)
      }
    }
    rowRefused(t, await post('/hosts', { ...rest, ts_or_ip: ' , ' }), "Missing JSON key: 'ts_or_ip'.")
    rowRefused(t, await post('/hosts', { hostname: 'incomplete' }), "Missing JSON key: 'region'.")
    for (const hostname of [undefined, '', '  ']) {
      rowRefused(t, await post('/hosts', { ...plainHost, hostname }), "'' is an invalid hostname.")
    }
    refused(t, await get('/hosts?hostname=incomplete'), 400, /does not exist/)
  })
  t.test('an existing hostname is an update, absent keys keep their value', async (t) => {
    await post('/jump_hosts', { hostname: 'keeper', connection_type: 'ssh', host_or_ip: '192.0.2.8' })
    const all = { roles: 'P', username: 'u', port_number: '2022', jump_host: 'keeper', location: 'rack 1' }
    await host('kept', all)
    const before = await one('kept')
    await rows('POST', '/hosts', { hostname: 'kept' })
    t.same(await one('kept'), before)
    await rows('POST', '/hosts', { hostname: 'kept', roles: 'PE' })
    t.same(await one('kept'), { ...before, roles: 'PE' })
  })
  t.test("'' clears an optional key of an existing host, jump_host too", async (t) => {
    const cleared = { roles: '', username: '', password: '', port_number: '', jump_host: '', location: '' }
    await rows('POST', '/hosts', { hostname: 'kept', ...cleared, enable_password: '' })
    const { password: _, username: __, ...shown } = cleared
    t.match(await one('kept'), { ...shown, host_username: '', ts_or_ip: '192.0.2.1' })
    for (const key of ['region', 'connection_type', 'ts_or_ip']) {
      rowRefused(t, await post('/hosts', { hostname: 'kept', [key]: '' }), `Missing JSON key: '${key}'.`)
    }
  })
  t.test('the same hostname twice in a request: the later row fails', async (t) => {
    const answer = await post('/hosts', [
      { hostname: 'twice', ...plainHost, roles: 'first' },
      { hostname: ' twice ', ...plainHost, roles: 'second' },
    ])
    t.equal(answer.status, 207)
    t.match(listOf(answer), [
      { status: 'SUCCESS', hostname: 'twice' },
      { status: 'FAILED', status_message: "More than one entry with the same hostname: 'twice'." },
    ])
    t.equal((await one('twice'))?.['roles'], 'first')
  })
  t.test('a row that fails leaves nothing behind', async (t) => {
    await host('unmoved', { roles: 'P' })
    const before = await one('unmoved')
    const bad = { roles: 'PE', location: 'elsewhere', port_number: '0' }
    rowRefused(t, await post('/hosts', { hostname: 'unmoved', ...bad }), /port/)
    t.same(await one('unmoved'), before)
    rowRefused(t, await post('/hosts', { hostname: 'never', ...plainHost, ...bad }), /port/)
    refused(t, await get('/hosts?hostname=never'), 400, "Host 'never' does not exist in the database.")
  })
}

export async function hostChecks(t: Test, { post, rows, get }: World): Promise<void> {
  const one = (row: object) => post('/hosts', { hostname: 'checked', ...plainHost, ...row })
  t.test('checks come in the order of the contract: the first failure wins', async (t) => {
    // Each row has all faults of those below it.
    const faults: [object, string | RegExp][] = [
      [{ hostname: '' }, "'' is an invalid hostname."],
      [{ hostname: 'a;b' }, /^"a;b" contains invalid characters/],
      [{ nonsense: 1 }, "The following key, 'nonsense', is invalid."],
      [{ ts_or_ip: '' }, "Missing JSON key: 'ts_or_ip'."],
      [{ location: 7 }, "'location' must be a string."],
      [{ region: 'nowhere' }, 'Region "nowhere" does not exist in the database.'],
      [{ jump_host: 'nobody' }, 'Jump host "nobody" does not exist in the database.'],
      [{ connection_type: 'http' }, 'Connection Type must be either telnet or ssh'],
      [{ ts_or_ip: 'not an address' }, /^'not an address' is not an IPv4 address/],
      [{ port_number: '0' }, /^'0' is not a port number/],
    ]
    for (const [index, [, message]] of faults.entries()) {
      const row = Object.assign(
        {},
        ...faults
          .slice(index)
          .map(([fault]) => fault)
          .reverse(),
      )
      rowRefused(t, await one(row), message)
    }
  })
  t.test('connection_type is telnet or ssh, exactly', async (t) => {
    for (const connection_type of ['SSH', 'Telnet', 'ssh2', ' ssh', 'http']) {
      rowRefused(t, await one({ connection_type }), 'Connection Type must be either telnet or ssh')
    }
  })
  t.test('addresses are IPv4, IPv6 or DNS names', async (t) => {
    for (const good of ['10.1.2.3', '::1', '2001:db8::7', 'r1', 'r1.lab.example.com.', 'ts_1-a.example']) {
      t.equal((await one({ ts_or_ip: good })).status, 200, good)
    }
    const bad = [
      '10.1.2',
      '10.1.2.256',
      '1.2.3.4/24',
      'a b',
      '-x',
      'x-',
      'a..b',
      'http://x',
      'x:22',
      'fe80::1%eth0',
    ]
    for (const ts_or_ip of [
      ...bad,
      '１.2.3.4',
      'r1;reload',
      '$(x)',
      'r1|more',
      '[::1]',
      '12345',
      'ä.example',
    ]) {
      rowRefused(
        t,
        await one({ ts_or_ip }),
        `'${ts_or_ip}' is not an IPv4 address, an IPv6 address or a DNS name.`,
      )
    }
    rowRefused(t, await one({ ts_or_ip: '10.1.2.3,10.1.2.999' }), /^'10\.1\.2\.999' is not an IPv4 address/)
  })
  t.test('ports are 1 to 65535', async (t) => {
    for (const port_number of ['1', '65535', '0022', '22,2022', 65_535]) {
      t.equal((await one({ port_number })).status, 200, String(port_number))
    }
    for (const bad of [
      '0',
      '65536',
      '-1',
      '22x',
      '2 2',
      '１２',
      '0x16',
      '1e3',
      '99999999999',
      1.5,
      -1,
      1e300,
    ]) {
      const message = `'${bad}' is not a port number from 1 to 65535.`
      rowRefused(t, await one({ port_number: bad }), message)
    }
  })
  t.test('several addresses and ports are kept in their order', async (t) => {
    await one({ ts_or_ip: '192.0.2.9,192.0.2.1', port_number: ['2023', 22] })
    const [row] = await rows('GET', '/hosts?hostname=checked')
    t.match(row, { ts_or_ip: '192.0.2.9,192.0.2.1', port_number: '2023,22' })
    t.equal((await get('/hosts?hostname=checked')).body['total_pages'], 1)
  })
}

export async function hostLists(t: Test, world: World): Promise<void> {
  const { get, rows, post, host } = world
  t.test('filters are ANDed, family is exact', async (t) => {
    await post('/regions', { region_name: 'filters' })
    await host('f1', { region: 'filters' })
    await host('f2', { region: 'filters' })
    const names = async (query: string) => pick(await rows('GET', `/hosts?${query}`), 'hostname')
    t.same(await names('region=filters'), [{ hostname: 'f1' }, { hostname: 'f2' }])
    t.same(await names('region=filters&hostname=f2'), [{ hostname: 'f2' }])
    t.same(await names(`region=${encodeURIComponent(region)}&hostname=f2`), [])
    t.same((await names('region=filters&family=Unknown')).length, 2)
    for (const family of ['unknown', 'Unk', 'Unknown ', '%25', '*', 'ASR']) {
      t.same(await names(`region=filters&family=${family.replace(' ', '%20')}`), [], family)
    }
  })
  t.test('rows are ordered by the bytes of the hostname', async (t) => {
    await post('/regions', { region_name: 'ordered' })
    for (const name of ['b', 'B', 'a', '_', 'a b', '(', 'a-b', 'Z9', 'Z10'])
      await host(`o${name}`, { region: 'ordered' })
    const names = (await rows('GET', '/hosts?region=ordered')).map((row) => String(row['hostname']))
    t.equal(names.length, 9)
    t.same(
      names,
      [...names].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
    )
  })
  t.test('unknown region, unknown hostname, bad and unknown pages are 400', async (t) => {
    refused(t, await get('/hosts?region=nowhere'), 400, "Region 'nowhere' does not exist in the database.")
    refused(t, await get('/hosts?hostname=nobody'), 400, "Host 'nobody' does not exist in the database.")
    for (const page of ['0', '-1', 'x', '1.5', '1e1', '１', '0x1', '+1', '1,2', 'NaN']) {
      const answer = await get(`/hosts?page=${encodeURIComponent(page)}`)
      refused(t, answer, 400, 'page must be an numeric value')
    }
    for (const page of ['2', '99999', '99999999999999999999', '2147483648']) {
      refused(t, await get(`/hosts?page=${page}`), 400, 'Unknown page number')
    }
  })
  t.test('nothing matches: 200, an empty list, page 1 of 1', async (t) => {
    const { status, body } = await get('/hosts?family=CRS')
    t.equal(status, 200)
    t.same(body, { api_response: { host_list: [] }, current_page: 1, total_pages: 1 })
    refused(t, await get('/hosts?family=CRS&page=2'), 400, 'Unknown page number')
  })
}

/** Among the last: more hosts than a page holds. */
export async function manyHosts(t: Test, { get, rows, post }: World): Promise<void> {
  t.test('a page has 1000 rows', async (t) => {
    await post('/regions', { region_name: 'many' })
    const many = Array.from({ length: 1_001 }, (_, i) => ({
      ...plainHost,
      hostname: `many${i}`,
      region: 'many',
    }))
    await rows('POST', '/hosts', many)
    const first = await get('/hosts?region=many')
    t.same([listOf(first).length, first.body['current_page'], first.body['total_pages']], [1_000, 1, 2])
    const second = await get('/hosts?region=many&page=2')
    t.same([listOf(second).length, second.body['current_page'], second.body['total_pages']], [1, 2, 2])
    t.equal(listOf(second)[0]?.['hostname'], 'many999')
    refused(t, await get('/hosts?region=many&page=3'), 400, 'Unknown page number')
  })
}

export async function discovery(t: Test, world: World): Promise<void> {
  const { get, post, remove, rows, lab, host, ask } = world
  const router = lab.router('asr9k-x64', 'ssh')
  const path = `/hosts/${encodeURIComponent(router.name)}`
  const row = async () => (await rows('GET', `/hosts?hostname=${encodeURIComponent(router.name)}`))[0]
  const discovered = () =>
    until(async () => ((await row())?.['family'] === 'Unknown' ? undefined : row()), {
      message: 'the host is discovered',
      timeoutMs: 30_000,
    })
  t.test('a host that is created is discovered; ASR9K of 64 bits is ASR9K-X64', async (t) => {
    await rows('POST', '/hosts', hostRow(router))
    t.match(await discovered(), {
      family: 'ASR9K',
      hardware: /^ASR-?9/,
      chassis: /^ASR-?9/,
      software_platform: 'ASR9K-X64',
      software_version: /^\d+\.\d+\.\d+/,
      os_type: 'eXR',
    })
  })
  t.test('GET /hosts/<hostname>/packages has name, state, location and modules', async (t) => {
    const packages = await rows('GET', `${path}/packages`)
    t.ok(packages.length > 0)
    for (const each of packages) {
      t.same(Object.keys(each).sort(), ['location', 'modules', 'name', 'state'])
      t.match(each['state'], /^(in)?active(-committed)?$/)
      t.type(each['name'], 'string')
      t.ok(Array.isArray(each['modules']))
    }
    refused(t, await get('/hosts/nobody/packages'), 400, "Host 'nobody' does not exist in the database.")
  })
  t.test('GET /hosts/<hostname>/inventory has the parts of the chassis', async (t) => {
    const parts = await rows('GET', `${path}/inventory`)
    t.ok(parts.length > 0)
    const keys = ['description', 'hardware_revision', 'location', 'model_name', 'name', 'serial_number']
    for (const each of parts) {
      t.same(Object.keys(each).sort(), keys)
      for (const key of keys) t.type(each[key], 'string')
    }
    refused(t, await get('/hosts/nobody/inventory'), 400, "Host 'nobody' does not exist in the database.")
  })
  t.test('a host that was never discovered has no packages and no parts', async (t) => {
    await host('undiscovered')
    t.same(await rows('GET', '/hosts/undiscovered/packages'), [])
    t.same(await rows('GET', '/hosts/undiscovered/inventory'), [])
  })
  t.test('POST /hosts/<hostname>/inventory looks again: 202, whatever the body', async (t) => {
    for (const body of [undefined, '', '{"not json']) {
      const answer = await ask('POST', `${path}/inventory`, body === undefined ? {} : { body })
      t.equal(answer.status, 202)
      t.same(answer.body, { api_response: { status: 'SUCCESS', hostname: router.name } })
    }
    const unknown = await post('/hosts/nobody/inventory', {})
    refused(t, unknown, 400, "Host 'nobody' does not exist in the database.")
  })
  t.test('a host whose connection changed is discovered again', async (t) => {
    const other = lab.router('ncs5500', 'ssh')
    await rows('POST', '/hosts', { ...hostRow(other), hostname: router.name })
    await until(async () => (await row())?.['family'] === 'NCS5500', {
      message: 'it is seen as another',
      timeoutMs: 30_000,
    })
    t.match(await row(), { software_platform: 'NCS5500' })
  })
  t.test('DELETE takes jobs, packages and logs along', async (t) => {
    const [job] = await rows('POST', '/install', {
      hostname: router.name,
      install_action: 'Commit',
      ...ahead(30),
    })
    t.equal((await remove(`${path}/delete`)).status, 200)
    refused(t, await get(`/install?id=${job?.['id']}`), 400, /does not exist/)
    refused(t, await get(`${path}/packages`), 400, /does not exist/)
    refused(t, await get(`/install?hostname=${router.name}`), 400, /does not exist/)
    await rows('POST', '/hosts', { ...plainHost, hostname: router.name })
    t.same(await rows('GET', `${path}/packages`), [], 'a host of the same name begins anew')
  })
}
