// What `npm run cluster` does once everything is built.
import { createLogger, runProcess } from '@slipway/service-kit'
import { type Cluster, type Member, startCluster } from './cluster.ts'
import { helpText, parseOptions } from './options.ts'
import { loadClusterSettings } from './settings.ts'

const STOP_GRACE_MS = 120_000
const print = (line: string) => void process.stdout.write(`${line}\n`)

/** Runs the cluster to its end; exits the process. */
export async function main(argv: string[], context: { startedAt: number }): Promise<void> {
  const [options, settings] = readSettings(argv)
  if (options.help) return print(helpText.trimEnd())
  const log = createLogger({ service: 'cluster', level: settings.logLevel, destination: process.stderr })
  await runProcess({
    log,
    graceMs: STOP_GRACE_MS,
    start: async (signal) => {
      print(`Slipway, cluster on one machine: starting (process ${process.pid})`)
      const onProgress = (text: string) => print(`  ${text}`)
      const cluster = await start({ settings, env: process.env, log, onProgress, signal })
      printStart(cluster, settings, context.startedAt)
      return {
        stop: async () => {
          print('Stopping: gateways first, then executors (running jobs are handed over), then the others.')
          await cluster.stop()
          print('Stopped.')
        },
      }
    },
  })
}

/** What is missing on this machine is told in words; the stack would say nothing more. */
async function start(options: Parameters<typeof startCluster>[0]): Promise<Cluster> {
  try {
    return await startCluster(options)
  } catch (error) {
    if (!options.signal.aborted) {
      process.stderr.write(`Slipway could not start: ${error instanceof Error ? error.message : error}\n`)
    }
    throw error
  }
}

function readSettings(argv: string[]) {
  try {
    return [parseOptions(argv), loadClusterSettings(process.env)] as const
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\nTry --help.\n`)
    process.exit(2)
  }
}

function printStart(
  { members, database }: Cluster,
  settings: ReturnType<typeof loadClusterSettings>,
  startedAt: number,
): void {
  print(`  data        ${settings.dataDir}`)
  print(`  databases   ${database}`)
  print(`  NATS        ${settings.natsUrl === undefined ? 'started here' : 'as NATS_URL says'}`)
  for (const member of members) print(`  ${describe(member)}`)
  const url = urlOf(settings)
  print(`  API         ${url}/api/v1`)
  print('  admin user  root')
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1)
  print(`Slipway is ready on ${url} after ${seconds} s. Ctrl-C stops it.`)
}

/** `scheduler-2  process 4711    health and metrics http://127.0.0.1:5006` */
function describe({ name, pid, places }: Member): string {
  const where = places['http'] === undefined ? places['nats'] : `health, metrics ${places['http']}`
  return `${name.padEnd(11)} process ${String(pid ?? '?').padEnd(8)}${where ?? ''}`
}

function urlOf({ host, port, publicUrl, tlsCert }: ReturnType<typeof loadClusterSettings>): string {
  if (publicUrl !== undefined) return publicUrl
  const shown = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
  return `${tlsCert === undefined ? 'http' : 'https'}://${shown.includes(':') ? `[${shown}]` : shown}:${port}`
}
