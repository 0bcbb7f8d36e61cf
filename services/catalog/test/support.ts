// A running catalog on a real database, met over the bus as others meet it.
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createInProcessBus } from '@slipway/bus'
import {
  type Caller,
  catalogMessages,
  type ImportRow,
  type ReplyOf,
  type RequestOf,
  type Rpc,
} from '@slipway/contracts'
import { withClient } from '@slipway/database'
import { createLogger, createRegistry, type Metrics, systemClock } from '@slipway/service-kit'
import { database, type Teardown, until } from '@slipway/test-kit'
import { catalogService } from '../src/index.ts'

export const admin: Caller = { username: 'alice', privilege: 'Admin' }
/** The feed that comes with the demo. */
export const demoFeed = fileURLToPath(new URL('../../../deploy/standalone/demo/catalog', import.meta.url))

export interface Running {
  ask<T extends Rpc>(rpc: T, payload: RequestOf<T>): Promise<ReplyOf<T>>
  /** Starts an import and waits for its end. */
  import(source?: string): Promise<ImportRow>
  sql<R>(text: string, values?: unknown[]): Promise<R[]>
  /** Another replica on the same database and bus. */
  replica(): Promise<{ stop(): Promise<void> }>
  stop(): Promise<void>
  metrics: Metrics
}

type Settings = Partial<Parameters<typeof catalogService.create>[0]['config']>

/** Starts a catalog for a test and stops it with the test. */
export async function build(t: Teardown, settings: Settings = {}): Promise<Running> {
  const log = createLogger({ service: 'catalog', level: 'silent' })
  const migrationsDir = fileURLToPath(new URL('../prisma/migrations', import.meta.url))
  const db = await database(t, { migrationsDir })
  const hub = createInProcessBus({ log })
  t.teardown(() => hub.close())
  const bus = await hub.connect('gateway')
  const metrics = createRegistry()
  const replica = async () => {
    const running = await catalogService.create({
      bus: await hub.connect('catalog'),
      database: db.url,
      log,
      clock: systemClock,
      metrics,
      config: {
        feedDir: demoFeed,
        feedSource: 'nothing is here',
        importInterval: 86_400_000,
        idleTimeout: 2_000,
        fileTimeout: 10_000,
        cachedEntries: 50_000,
        ...settings,
      },
    })
    t.teardown(() => running.stop())
    return running
  }
  const service = await replica()
  const ask: Running['ask'] = (rpc, payload) =>
    bus.request(rpc, payload, { caller: admin, requestId: 'request-of-the-test' })
  return {
    ask,
    metrics,
    replica,
    import: async (source) => {
      const { id } = await ask(catalogMessages.startImport, source === undefined ? {} : { source })
      return ended({ ask }, id)
    },
    sql: (text, values = []) => withClient(db.url, async (client) => (await client.query(text, values)).rows),
    stop: () => service.stop(),
  }
}

/** The import once it has ended. */
export async function ended({ ask }: Pick<Running, 'ask'>, id: number): Promise<ImportRow> {
  const look = async () => {
    const row = await ask(catalogMessages.findImport, { id })
    return row.state === 'in-progress' ? undefined : row
  }
  return until(look, { message: `import ${id} has ended` })
}

/** Writes the files of a feed; catalog.dat names them all unless it is given. */
export async function writeFeed(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  await mkdir(folder, { recursive: true })
  const listed = Object.keys(files).flatMap((file) => (file.endsWith('.xml') ? [file.slice(0, -4)] : []))
  const all: Record<string, string> = { 'catalog.dat': `${listed.join('\n')}\n`, ...files }
  for (const [file, text] of Object.entries(all)) await writeFile(join(folder, file), text)
}

/** A file of `asr9k_px` 5.3.3 with these entries. */
export function feedXml(creationDate: string, entries: string): string {
  return `<?xml version="1.0"?><feed><platform>asr9k_px</platform><release>5.3.3</release>
<creationDate>${creationDate}</creationDate><smuSuffix>pie</smuSuffix>
${entries}</feed>`
}

/** An entry on a line of its own. */
export function smuXml(name: string, more = ''): string {
  return `<smu id="id-${name}" status="Posted"><name>${name}</name>${more}</smu>\n`
}
