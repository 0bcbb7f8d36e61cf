// What `npm run rekey` does once everything is built.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { findEmbeddedPostgres, startEmbeddedPostgres } from '@slipway/database'
import { createKeyring, loadOrCreateMasterKey } from '@slipway/secrets'
import type { Environment, ServiceDefinition } from '@slipway/service-kit'
import { loadStandaloneSettings, type StandaloneSettings } from '../settings.ts'
import { domainServices } from '../standalone.ts'
import { rekey, type SealedDatabase } from './rekey.ts'

const helpText = `Seals all credentials and signing keys again, with the first key of SLIPWAY_MASTER_KEY.

  npm run rekey              while Slipway runs, or while it does not
  npm run rekey -- --check   only counts what is not sealed with the first key

To change the master key: put a new one in front (SLIPWAY_MASTER_KEY=k2:<base64>,k1:<base64>, or so in
SLIPWAY_DATA_DIR/master.key), restart everything with it, run this, take the old one away, restart.
It may be broken off and started again at any time. Ends with 0 if everything is sealed with the first key,
1 if not, 2 if it could not begin.

Settings (environment)
  SLIPWAY_MASTER_KEY         default: SLIPWAY_DATA_DIR/master.key
  SLIPWAY_DATA_DIR           of npm start or npm run cluster   default ./data
  AUTH_DATABASE_URL, INVENTORY_DATABASE_URL                    databases of your own
`

type Owner = Pick<ServiceDefinition, 'name' | 'sealedTables'>

/** Runs the command. @returns the exit status */
export async function main(argv: string[], env: Environment): Promise<number> {
  const print = (line: string) => void process.stderr.write(`${line}\n`)
  try {
    const { values } = parseArgs({
      args: argv,
      options: {
        help: { type: 'boolean', short: 'h', default: false },
        check: { type: 'boolean', default: false },
      },
    })
    if (values.help) {
      process.stdout.write(helpText)
      return 0
    }
    const left = await run(loadStandaloneSettings(env), env, values.check, print)
    if (left > 0) print(`${left} not sealed with the first key: keep the others, and see above why.`)
    return left === 0 ? 0 : 1
  } catch (error) {
    print(`rekey: ${error instanceof Error ? error.message : error}`)
    return 2
  }
}

async function run(
  settings: StandaloneSettings,
  env: Environment,
  check: boolean,
  print: (line: string) => void,
): Promise<number> {
  const masterKey = settings.masterKey ?? (await readMasterKey(settings.dataDir))
  const { keyIds } = createKeyring(masterKey)
  print(`keys: ${keyIds.join(', ')}; ${keyIds[0]} seals`)
  const owners: Owner[] = domainServices.filter(({ sealedTables }) => sealedTables !== undefined)
  const { databases, release } = await openDatabases(owners, settings, env)
  try {
    return await rekey({ databases, masterKey, check, print })
  } finally {
    await release()
  }
}

/** A key made now would open nothing. */
async function readMasterKey(dataDir: string): Promise<string> {
  if (!existsSync(join(dataDir, 'master.key'))) {
    throw new Error(`SLIPWAY_MASTER_KEY is not set, and there is no master.key in ${dataDir}`)
  }
  return loadOrCreateMasterKey(dataDir)
}

/** The databases as the settings name them, else those of the data directory, whose server may run or not. */
async function openDatabases(
  owners: readonly Owner[],
  { dataDir }: StandaloneSettings,
  env: Environment,
): Promise<{ databases: SealedDatabase[]; release: () => Promise<void> }> {
  const urlOf = ({ name }: Owner) => env[`${name.toUpperCase()}_DATABASE_URL`] || undefined
  const folder = join(dataDir, 'postgres')
  const isEmbedded = owners.some((owner) => urlOf(owner) === undefined)
  if (isEmbedded && !existsSync(folder)) throw new Error(`there is no database in ${dataDir}`)
  const running = isEmbedded ? await findEmbeddedPostgres(folder) : undefined
  const started =
    isEmbedded && running === undefined ? await startEmbeddedPostgres({ dataDir: folder }) : undefined
  const embedded = running ?? started
  const databases = owners.map((owner) => ({
    name: owner.name,
    connection: urlOf(owner) ?? embedded?.connection(`slipway_${owner.name}`) ?? '',
    sealedTables: owner.sealedTables ?? [],
  }))
  return { databases, release: async () => started?.stop() }
}
