import { randomUUID } from 'node:crypto'
import { type ErrorCode, type HostInput, inventoryMessages } from '@slipway/contracts'
import { createPool, prismaAdapter } from '@slipway/database'
import t from 'tap'
import { PrismaClient } from '../src/generated/client.ts'
import { createHostChangeStore } from '../src/hosts/host-change-store.ts'
import { createHostListStore } from '../src/hosts/host-list-store.ts'
import { createHostService } from '../src/hosts/host-service.ts'
import { createHostStore } from '../src/hosts/host-store.ts'
import { addHosts, build, hostInput, opensAt, readHost } from './support.ts'

const messages = (rows: { error?: { message: string } | undefined }[]) =>
  rows.map(({ error }) => error?.message ?? 'SUCCESS')

t.test('stores the good rows of a request and answers every row in order', async (t) => {
  const running = await build(t)
  await addHosts(running, [hostInput('R0')])
  const { rows } = await running.ask(inventoryMessages.upsertHosts, {
    rows: [
      hostInput('R1', { region: 'Nowhere' }),
      hostInput('R2', { addresses: ['10.0.0.1', 'r2.example.net', '2001:db8::1'], ports: ['22', '2001'] }),
      { hostname: 'R3', connectionType: 'ssh', addresses: ['10.0.0.1'] },
      hostInput('R4', { jumpHost: 'nobody' }),
      hostInput('R5', { connectionType: 'SSH' }),
      hostInput('R6', { addresses: ['10.0.0.256'] }),
      hostInput('R7', { ports: ['0'] }),
      hostInput('R2'),
      { hostname: 'R0', location: 'Rack 7' },
      hostInput('R8', { connectionType: 'telnet' }),
    ],
  })
  t.same(
    rows.map(({ key }) => key),
    ['R1', 'R2', 'R3', 'R4', 'R5', 'R6', 'R7', 'R2', 'R0', 'R8'],
  )
  t.same(messages(rows), [
    'Region "Nowhere" does not exist in the database.',
    'SUCCESS',
    "Missing JSON key: 'region'.",
    'Jump host "nobody" does not exist in the database.',
    'Connection Type must be either telnet or ssh',
    "'10.0.0.256' is not an IPv4 address, an IPv6 address or a DNS name.",
    "'0' is not a port number from 1 to 65535.",
    "More than one entry with the same hostname: 'R2'.",
    'SUCCESS',
    'SUCCESS',
  ])
  const list = await running.ask(inventoryMessages.listHosts, { page: 1 })
  t.same(
    list.rows.map(({ hostname }) => hostname),
    ['R0', 'R2', 'R8'],
  )
  t.match(list.rows[1], {
    addresses: ['10.0.0.1', 'r2.example.net', '2001:db8::1'],
    ports: [22, 2001],
    facts: { family: 'Unknown', chassis: 'Unknown', osType: 'Unknown' },
    createdBy: 'alice',
  })
  t.equal(list.rows[0]?.location, 'Rack 7')
})

t.test('keeps what an update does not mention and clears what it sets to null', async (t) => {
  const running = await build(t)
  await running.ask(inventoryMessages.upsertJumpHosts, {
    rows: [{ name: 'jump', connectionType: 'ssh', address: '10.9.9.9' }],
  })
  const full = { roles: 'PE', username: 'lab', jumpHost: 'jump', location: 'L1', ports: ['22'] }
  await addHosts(running, [hostInput('R1', full)])
  await running.ask(inventoryMessages.upsertHosts, { rows: [{ hostname: 'R1' }] })
  t.match(await readHost(running, 'R1'), { ...full, ports: [22], region: 'Lab', addresses: ['10.0.0.1'] })
  await running.ask(inventoryMessages.upsertHosts, {
    rows: [{ hostname: 'R1', roles: null, username: null, jumpHost: null, location: null, ports: null }],
  })
  t.match(await readHost(running, 'R1'), { roles: '', username: '', jumpHost: '', location: '', ports: [] })
  const { rows } = await running.ask(inventoryMessages.upsertHosts, {
    rows: [{ hostname: 'R1', region: '' }],
  })
  t.same(messages(rows), ["Missing JSON key: 'region'."])
})

t.test(
  'tells the scheduler of each change, with a growing version, and asks for discovery where due',
  async (t) => {
    const running = await build(t)
    await addHosts(running, [hostInput('R1', { password: 'secret-1' })])
    await running.scheduler.untilRecorded(1)
    const change = (row: object) =>
      running.ask(inventoryMessages.upsertHosts, { rows: [{ hostname: 'R1', ...row }] })
    await running.ask(inventoryMessages.upsertRegions, { rows: [{ name: 'Field' }] })
    await change({})
    await change({ location: 'L2' })
    await change({ region: 'Field' })
    await change({ addresses: ['10.0.0.1'] })
    await change({ password: 'secret-2' })
    await change({ addresses: ['10.0.0.2'] })
    await running.ask(inventoryMessages.refreshHost, { hostname: 'R1' })
    const recorded = await running.scheduler.untilRecorded(6)
    t.same(
      recorded.map(({ version, region, discover }) => ({ version, region, discover })),
      [
        { version: 1, region: 'Lab', discover: true },
        { version: 2, region: 'Lab', discover: false },
        { version: 3, region: 'Field', discover: false },
        { version: 4, region: 'Field', discover: true },
        { version: 5, region: 'Field', discover: true },
        { version: 6, region: 'Field', discover: true },
      ],
    )
    t.equal(new Set(recorded.map(({ hostId }) => hostId)).size, 1)
    t.ok(recorded.every(({ requestId }) => requestId === 'request-of-the-test'))
  },
)

t.test(
  'each field of the connection, changed alone, asks for a discovery; set as it was it does not',
  async (t) => {
    const running = await build(t)
    await running.ask(inventoryMessages.upsertJumpHosts, {
      rows: [{ name: 'jump', connectionType: 'ssh', address: '10.9.9.9' }],
    })
    await addHosts(running, [hostInput('R1')])
    const changes: Partial<HostInput>[] = [
      { username: 'lab' },
      { ports: ['2022'] },
      { jumpHost: 'jump' },
      { connectionType: 'telnet' },
      { enablePassword: 'En@ble-R1' },
      { jumpHost: null },
      { roles: 'PE' },
    ]
    for (const change of changes) {
      const rows = [{ hostname: 'R1', ...change }]
      await running.ask(inventoryMessages.upsertHosts, { rows })
      // A password is sealed anew each time, which nobody can tell from another one.
      if (change.enablePassword === undefined) await running.ask(inventoryMessages.upsertHosts, { rows })
    }
    const recorded = await running.scheduler.untilRecorded(1 + changes.length)
    t.same(
      recorded.map(({ version, discover }) => ({ version, discover })),
      [...changes.keys(), changes.length].map((index) => ({
        version: index + 1,
        // All but the last: roles are no part of the connection.
        discover: index < changes.length,
      })),
    )
  },
)

t.test('seals credentials, for their row and field only', async (t) => {
  const running = await build(t)
  const rows = [hostInput('R1', { password: 'Pa$$word-R1', enablePassword: 'En@ble-R1' }), hostInput('R2')]
  await addHosts(running, rows)
  const { id } = await readHost(running, 'R1')
  const target = await running.ask(inventoryMessages.resolveTarget, { hostId: id, commandProfiles: [] })
  const place = { table: 'host', row: id }
  t.ok(opensAt(target.host.sealedPassword, { ...place, field: 'password' }))
  t.ok(opensAt(target.host.sealedEnablePassword, { ...place, field: 'enable_password' }))
  t.notOk(opensAt(target.host.sealedPassword, { ...place, field: 'enable_password' }))
  t.notOk(opensAt(target.host.sealedPassword, { ...place, row: randomUUID(), field: 'password' }))
  const dump = JSON.stringify([
    await running.sql('SELECT * FROM host'),
    await running.sql('SELECT * FROM outbox'),
  ])
  t.notMatch(dump, /Pa\$\$word|En@ble/)
  const other = await readHost(running, 'R2')
  const bare = await running.ask(inventoryMessages.resolveTarget, { hostId: other.id, commandProfiles: [] })
  t.notOk('sealedPassword' in bare.host)
})

t.test('two requests that create the same hosts at once both succeed and make each host once', async (t) => {
  const running = await build(t)
  await addHosts(running, [hostInput('R0')])
  // More than are stored at a time.
  const names = Array.from({ length: 1_200 }, (_, index) => `H${index}`)
  const request = (order: string[]) =>
    running.ask(inventoryMessages.upsertHosts, { rows: order.map((name) => hostInput(name)) })
  const answers = await Promise.all([request(names), request([...names].reverse()), request(names)])
  for (const { rows } of answers) t.notOk(rows.find(({ error }) => error))
  const [stored] = await running.sql<{ n: number }>('SELECT count(*)::int AS n FROM host WHERE version = 1')
  t.equal(stored?.n, 1_201, 'who came later found nothing to change')
})

t.test('lists in pages of 1000 by the bytes of the name, with filters', async (t) => {
  const running = await build(t)
  const names = Array.from({ length: 2_001 }, (_, index) => `h${String(index).padStart(4, '0')}`)
  await addHosts(running, [...names.map((name) => hostInput(name)), hostInput('Z'), hostInput('a')])
  await running.ask(inventoryMessages.upsertRegions, { rows: [{ name: 'Empty' }] })
  const page = (query: object) => running.ask(inventoryMessages.listHosts, { page: 1, ...query })
  const first = await page({})
  t.equal(first.totalPages, 3)
  t.same(
    first.rows.slice(0, 3).map(({ hostname }) => hostname),
    ['Z', 'a', 'h0000'],
  )
  t.equal(first.rows.length, 1_000)
  const third = await page({ page: 3 })
  t.same(
    third.rows.map(({ hostname }) => hostname),
    ['h1998', 'h1999', 'h2000'],
  )
  t.match(await page({ hostname: 'h0007' }), { rows: [{ hostname: 'h0007' }], page: 1, totalPages: 1 })
  t.match(await page({ region: 'Empty' }), { rows: [], page: 1, totalPages: 1 })
  t.match(await page({ region: 'Empty', hostname: 'Z' }), { rows: [], page: 1, totalPages: 1 })
  t.equal((await page({ region: 'Lab', family: 'Unknown' })).rows.length, 1_000)
  t.same((await page({ family: 'ASR9K' })).rows, [])
  t.same((await page({ family: 'a\0b' })).rows, [])
  const refused = async (query: object, code: ErrorCode) =>
    t.rejects(page(query), { code }, JSON.stringify(query))
  await refused({ page: 4 }, 'INPUT_PAGE_UNKNOWN')
  await refused({ page: Number.MAX_SAFE_INTEGER }, 'INPUT_PAGE_UNKNOWN')
  await refused({ page: 1e300 }, 'INPUT_PAGE_UNKNOWN')
  await refused({ region: 'Empty', page: 2 }, 'INPUT_PAGE_UNKNOWN')
  await refused({ region: 'nowhere' }, 'INVENTORY_REGION_NOT_FOUND')
  await refused({ hostname: 'h' }, 'INVENTORY_HOST_NOT_FOUND')
})

t.test('takes 10,000 hosts in as many statements as one, and lists them in one', async (t) => {
  const running = await build(t)
  await addHosts(running, [hostInput('R0')])
  const statements: string[] = []
  const pool = createPool(running.db.connection)
  pool.on('connect', (client) => {
    const query = client.query.bind(client)
    client.query = (...args: unknown[]) => {
      statements.push(statementOf(args[0]))
      return Reflect.apply(query, client, args)
    }
  })
  const db = new PrismaClient({ adapter: prismaAdapter(pool) })
  t.teardown(async () => {
    await db.$disconnect()
    await pool.end()
  })
  const service = createHostService({
    store: createHostStore(db),
    changes: createHostChangeStore(pool),
    list: createHostListStore(db),
    seal: (_row, _field, secret) => `sealed:${secret.length}`,
    changed: () => undefined,
    kick: () => undefined,
  })
  const count = async (hosts: HostInput[]) => {
    statements.length = 0
    const results = await service.upsert(hosts, { createdBy: 'alice', requestId: 'r-1' })
    t.notOk(results.find(({ error }) => error))
    return statements.length
  }
  const many = Array.from({ length: 10_000 }, (_, index) => hostInput(`M${index}`, { password: `p${index}` }))
  const one = await count([hostInput('One', { password: 'p' })])
  t.equal(await count(many), one)
  t.ok(one <= 7, `${one} statements`)
  t.match(
    statements.find((text) => text.includes('outbox')),
    /^COPY/,
  )
  t.equal(await count([{ hostname: 'One', location: 'x' }]), one)
  t.equal(await count(many.map((host) => ({ ...host, location: 'x' }))), one)
  const [waiting] = await running.sql<{ n: number }>('SELECT count(*)::int AS n FROM host')
  t.equal(waiting?.n, 10_002)
  statements.length = 0
  const { rows, totalPages } = await service.list({ page: 1 })
  t.equal(statements.length, 1, 'rows and count of a page')
  t.same([JSON.parse(rows).length, totalPages], [1_000, 11])
  await running.ask(inventoryMessages.refreshHost, { hostname: 'One' }) // which wakes the relay
  const recorded = await running.scheduler.untilRecorded(20_004)
  t.equal(new Set(recorded.map(({ hostId }) => hostId)).size, 10_002, 'the scheduler is told of every host')
})

/** The text of what a pg client was asked: text itself, or an object that has it. */
function statementOf(asked: unknown): string {
  return typeof asked === 'string' ? asked : String((asked as { text: unknown }).text)
}

t.test('stores text that PostgreSQL cannot hold without failing the request', async (t) => {
  const running = await build(t)
  await addHosts(running, [hostInput('R1', { location: 'a\ud800b', roles: '\\ud800' })])
  t.match(await readHost(running, 'R1'), { location: 'a\ufffdb', roles: '\\ud800' })
})
