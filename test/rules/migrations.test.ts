// Migrations of every service agree with its schema.prisma, are well-formed and can be applied again.
import { cp, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { checkMigrations } from '@slipway/database/develop'
import { postgres } from '@slipway/test-kit'
import t from 'tap'
import { servicesWithDatabase } from './checks/paper-rules.ts'
import { readTree, root } from './checks/tree.ts'

const connection = await postgres()
const services = servicesWithDatabase(readTree())

const check = (prisma: string) =>
  checkMigrations({
    connection,
    schemaPath: join(prisma, 'schema.prisma'),
    migrationsDir: join(prisma, 'migrations'),
  })

t.test('there are services with databases', async (t) => {
  t.ok(services.includes('services/scheduler') && services.length >= 4, services.join())
})

for (const service of services) {
  t.test(`${service}: migrations and schema agree`, async (t) => {
    t.same(await check(join(root, service, 'prisma')), [])
  })
}

t.test('finds a column without a migration and a migration that ends its transaction', async (t) => {
  const prisma = join(t.testdir({}), 'prisma')
  await cp(join(root, 'services/auth/prisma'), prisma, { recursive: true })
  const schema = await readFile(join(prisma, 'schema.prisma'), 'utf8')
  await writeFile(join(prisma, 'schema.prisma'), schema.replace(/model user \{/, '$&\n  planted String?'))
  const [first = ''] = await readdir(join(prisma, 'migrations'))
  const sql = join(prisma, 'migrations', first, 'migration.sql')
  await writeFile(sql, `${await readFile(sql, 'utf8')}\nCOMMIT;\n`)
  const problems = await check(prisma)
  t.match(problems, [/must not begin or end transactions/, /planted/])
})
