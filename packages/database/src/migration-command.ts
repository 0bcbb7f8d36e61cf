// The developers' command behind migration.mjs.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEmbeddedPostgres } from './embedded/embedded-postgres.ts'
import { checkMigrations, createMigration, type DevelopOptions } from './migrations/develop.ts'

const USAGE = `Usage, in the folder of a service:
  pnpm run migration <name>    writes the SQL that leads to prisma/schema.prisma, e.g. add_hosts
  pnpm run migration --check   tells whether migrations and schema agree (status 1 if not)
`
/** `add_hosts` */
const NAME = /^[a-z][a-z0-9_]*$/

/** Runs the command and returns its status. @param folder of the service, with `prisma/` */
export async function runMigrationCommand(args: readonly string[], folder: string): Promise<number> {
  const [word = ''] = args
  if (args.length !== 1 || (word !== '--check' && !NAME.test(word))) {
    process.stderr.write(USAGE)
    return 2
  }
  return withServer(async (connection) => {
    const options: DevelopOptions = {
      connection,
      schemaPath: join(folder, 'prisma', 'schema.prisma'),
      migrationsDir: join(folder, 'prisma', 'migrations'),
    }
    return word === '--check' ? check(options) : create(options, word)
  })
}

async function create(options: DevelopOptions, name: string): Promise<number> {
  const path = await createMigration(options, name)
  process.stdout.write(
    path === undefined ? 'Nothing to do: the migrations agree with the schema.\n' : `${path}\n`,
  )
  return 0
}

async function check(options: DevelopOptions): Promise<number> {
  const problems = await checkMigrations(options)
  process.stdout.write(problems.length === 0 ? 'ok\n' : `${problems.join('\n')}\n`)
  return problems.length === 0 ? 0 : 1
}

async function withServer(work: (connection: string) => Promise<number>): Promise<number> {
  const directory = await mkdtemp(join(tmpdir(), 'slipway-migration-'))
  const server = await startEmbeddedPostgres({ dataDir: directory, durable: false })
  try {
    return await work(server.url('postgres'))
  } finally {
    await server.stop()
    await rm(server.home, { recursive: true, force: true })
    await rm(directory, { recursive: true, force: true })
  }
}
