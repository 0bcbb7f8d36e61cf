// What `npm start` and `npm run demo` do once everything is built.
import { join } from 'node:path'
import { createLogger, runProcess } from '@slipway/service-kit'
import { runDemo } from './demo/demo.ts'
import { demoPassword } from './demo/demo-password.ts'
import { type Lab, startLab } from './demo/lab-process.ts'
import { whatNext } from './demo/what-next.ts'
import { helpText, type Options, parseOptions } from './options.ts'
import { loadStandaloneSettings, type StandaloneSettings } from './settings.ts'
import { type Standalone, startStandalone } from './standalone.ts'

const STOP_GRACE_MS = 60_000
const print = (line: string) => void process.stdout.write(`${line}\n`)

/** Runs the standalone shape to its end; exits the process. */
export async function main(argv: string[], context: { startedAt: number }): Promise<void> {
  const [options, settings] = readSettings(argv)
  if (options.help) {
    print(helpText)
    return
  }
  const log = createLogger({ service: 'slipway', level: settings.logLevel, destination: process.stderr })
  await runProcess({
    log,
    graceMs: STOP_GRACE_MS,
    start: async (signal) => {
      const onProgress = (text: string) => print(`  ${text}`)
      print('Slipway, standalone: starting')
      const slipway = await startStandalone({ settings, env: process.env, log, onProgress, signal })
      printStart(slipway, settings, context.startedAt)
      const demo = options.demo ? startDemo(slipway, settings, options) : undefined
      return {
        stop: async () => {
          print('Stopping: running jobs are handed over and go on at the next start.')
          await demo?.stop()
          await slipway.stop()
          print('Stopped.')
        },
      }
    },
  })
}

function readSettings(argv: string[]): [Options, StandaloneSettings] {
  try {
    return [parseOptions(argv), loadStandaloneSettings(process.env)]
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\nTry --help.\n`)
    process.exit(2)
  }
}

function printStart(slipway: Standalone, settings: StandaloneSettings, startedAt: number): void {
  const { initialAdmin } = slipway
  print(`  data        ${settings.dataDir}`)
  print(`  database    ${slipway.database}`)
  print(`  API         ${slipway.url}/api/v1`)
  print('  admin user  root')
  if (initialAdmin && !process.env['SLIPWAY_ADMIN_PASSWORD']) {
    print(`  password    ${initialAdmin.password}   (generated; shown only this once)`)
  }
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
  print(`Slipway is ready on ${slipway.url} after ${seconds} s. Ctrl-C stops it.`)
}

/** Runs the demo beside the started application. */
function startDemo(slipway: Standalone, settings: StandaloneSettings, options: Options) {
  const aborter = new AbortController()
  let lab: Lab | undefined
  const run = async (): Promise<boolean> => {
    const password = demoPassword(
      settings.dataDir,
      slipway.initialAdmin,
      process.env['SLIPWAY_ADMIN_PASSWORD'],
    )
    print('\nStarting a lab of simulated routers')
    lab = await startLab(['--operation-ms', '3000', '--reload-ms', '3000', '--quiet'])
    const { url } = slipway
    const folder = join(settings.dataDir, 'demo-session-logs')
    return runDemo({ url, username: 'root', password, lab, folder, print, signal: aborter.signal })
  }
  const done = run().catch((error: unknown) => {
    if (!aborter.signal.aborted) print(`\nThe demo failed: ${error instanceof Error ? error.message : error}`)
    return false
  })
  void done.then((completed) => {
    if (aborter.signal.aborted) return
    print(completed ? '\nThe upgrade is completed.' : '\nThe upgrade did not complete.')
    if (!options.exit) for (const line of whatNext(slipway.url, 'root')) print(line)
    else endAfterDemo(completed)
  })
  return {
    stop: async () => {
      aborter.abort()
      await done
      await lab?.stop()
    },
  }
}

/** Ends as a Ctrl-C does, with the outcome as status. */
function endAfterDemo(completed: boolean): void {
  process.once('exit', () => {
    if (!completed) process.exitCode = 1
  })
  process.kill(process.pid, 'SIGTERM')
}
