// `npm run rekey`: everything is sealed again while others write, whatever went wrong the last time.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { withClient } from '@slipway/database'
import { createKeyring, createSealer } from '@slipway/secrets'
import { database } from '@slipway/test-kit'
import t, { type Test } from 'tap'
import { main } from '../src/rekey/main.ts'
import { rekey, type SealedDatabase } from '../src/rekey/rekey.ts'
import { domainServices } from '../src/standalone.ts'

const key = (id: string, fill: number) => `${id}:${Buffer.alloc(32, fill).toString('base64')}`
const [k1, k2, k3, k9] = [key('k1', 1), key('k2', 2), key('k3', 3), key('k9', 9)]
const old = createSealer(createKeyring(k1))
const quiet = () => undefined

const uuid = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`
const placeOf = (n: number) => ({ table: 'jump_host', row: uuid(n), field: 'password' })

async function build(t: Test, count: number) {
  const definition = domainServices.find(({ name }) => name === 'inventory')
  const db = await database(t, { migrationsDir: join(definition?.databaseFolder ?? '', 'prisma/migrations') })
  const sql = (text: string, values: unknown[] = []) =>
    withClient(db.url, async (client) => (await client.query(text, values)).rows)
  const ids = Array.from({ length: count }, (_, n) => uuid(n))
  await sql(
    `INSERT INTO jump_host (id, name, connection_type, address, port, username, sealed_password, created_by)
     SELECT id, 'j' || id, 'ssh', '192.0.2.1', '', '', sealed, 'root' FROM unnest($1::uuid[], $2::text[]) AS given (id, sealed)`,
    [ids, ids.map((_, n) => (n % 3 === 2 ? null : old.seal(`secret ${n}`, placeOf(n))))],
  )
  const databases: SealedDatabase[] = [
    { name: 'inventory', connection: db.url, sealedTables: definition?.sealedTables ?? [] },
  ]
  const run = (masterKey: string, more: { check?: boolean; print?: (line: string) => void } = {}) =>
    rekey({ databases, masterKey, check: false, print: quiet, ...more })
  const stored = async (): Promise<{ id: string; sealed: string | null }[]> =>
    sql('SELECT id, sealed_password AS sealed FROM jump_host ORDER BY id')
  return { db, sql, run, stored }
}

t.test('every column of a schema that is called sealed is declared by its service', async (t) => {
  for (const { name, databaseFolder, sealedTables = [] } of domainServices) {
    if (databaseFolder === undefined) continue
    const schema = readFileSync(join(databaseFolder, 'prisma/schema.prisma'), 'utf8')
    const declared = sealedTables.flatMap(({ table, columns }) =>
      columns.map(({ column }) => `${table}.${column}`),
    )
    const found = [...schema.matchAll(/^model (\w+) \{([^}]*)\}/gm)].flatMap(([, model, body = '']) =>
      [...body.matchAll(/^\s+(sealed_\w+)/gm)].map(([, column]) => `${model}.${column}`),
    )
    t.same(declared.sort(), found.sort(), name)
  }
})

t.test('all values are sealed again in batches, and open at their places without the old key', async (t) => {
  const { run, stored } = await build(t, 1_800)
  t.equal(await run(`${k2},${k1}`, { check: true }), 1_200)
  const lines: string[] = []
  t.equal(await run(`${k2},${k1}`, { print: (line) => lines.push(line) }), 0)
  t.ok(lines.includes('inventory: jump_host.password: 500 of 1200 sealed again'))
  t.equal(lines.filter((line) => line.endsWith('all with k2')).length, 4)
  const rows = await stored()
  t.equal(rows.filter(({ sealed }) => sealed === null).length, 600, 'nothing stays nothing')
  const without = createSealer(createKeyring(`${k3},${k2}`))
  for (const [n, { sealed }] of rows.entries()) if (sealed !== null) without.rekey(sealed, placeOf(n))
  t.equal(await run(`${k2},${k1}`), 0)
  t.same(await stored(), rows, 'a second run changes nothing')
})

t.test('a run that is broken off is gone on with; what does not open stays and is told', async (t) => {
  const { db, run, sql, stored } = await build(t, 900)
  await sql('UPDATE jump_host SET sealed_password = $1 WHERE id = $2', [
    createSealer(createKeyring(k9)).seal('x', placeOf(0)),
    uuid(0),
  ])
  await t.rejects(
    run(`${k2},${k1}`, {
      print: (line) => {
        if (line.includes(' of ')) throw new Error('broken off')
      },
    }),
    { message: 'broken off' },
  )
  const lines: string[] = []
  t.equal(await run(`${k2},${k1}`, { print: (line) => lines.push(line) }), 1)
  t.ok(lines.some((line) => line.includes("needs the key 'k9', which is not in SLIPWAY_MASTER_KEY")))
  t.notOk(lines.join().includes('s1.'), 'nothing sealed is printed')
  t.equal((await stored()).filter(({ sealed }) => sealed?.startsWith('s1.k2.')).length, 599)
  const env = {
    SLIPWAY_MASTER_KEY: `${k2},${k9}`,
    INVENTORY_DATABASE_URL: db.url,
    AUTH_DATABASE_URL: 'postgresql://127.0.0.1:1/x',
  }
  t.equal(await main(['--check'], env), 2, 'a database that cannot be reached')
})

t.test('what others write meanwhile is never lost', async (t) => {
  const { run, sql, stored } = await build(t, 300)
  const fresh = createSealer(createKeyring(`${k2},${k1}`))
  const written = new Map<string, string>()
  const write = async (n: number, sealer: typeof old) => {
    const sealed = sealer.seal(`new ${n}`, placeOf(n))
    written.set(uuid(n), sealed)
    await sql('UPDATE jump_host SET sealed_password = $1 WHERE id = $2', [sealed, uuid(n)])
  }
  // A value changes after it was read and before it is written: the update of rekey waits for this lock.
  await sql(`
    CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN PERFORM pg_sleep(0.002); RETURN NEW; END $$;
    CREATE TRIGGER slow BEFORE UPDATE ON jump_host FOR EACH ROW EXECUTE FUNCTION meddle()`)
  const running = run(`${k2},${k1}`)
  for (const n of [3, 150, 297]) await write(n, fresh)
  await write(60, old)
  await running
  // A service that still has the old key in front may have written after its column was passed.
  t.equal(await run(`${k2},${k1}`), 0)
  const check = createSealer(createKeyring(`${k3},${k2}`))
  for (const { id, sealed } of await stored()) {
    if (sealed === null) continue
    t.ok(sealed.startsWith('s1.k2.'))
    check.rekey(sealed, { table: 'jump_host', row: id, field: 'password' })
    const mine = written.get(id)
    if (mine?.startsWith('s1.k2.')) t.equal(sealed, mine, 'the value of the writer stands')
  }
})

t.test('the command says what it needs', async (t) => {
  const dataDir = t.testdir({})
  t.equal(await main(['--nonsense'], {}), 2)
  t.equal(await main([], { SLIPWAY_DATA_DIR: dataDir }), 2, 'no key')
  t.equal(await main([], { SLIPWAY_DATA_DIR: dataDir, SLIPWAY_MASTER_KEY: k1 }), 2, 'no database')
  t.equal(await main([], { SLIPWAY_DATA_DIR: dataDir, SLIPWAY_MASTER_KEY: 'k1:short' }), 2)
})
