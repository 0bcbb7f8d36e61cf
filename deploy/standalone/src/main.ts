// What `npm start` and `npm run demo` do once everything is built.
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createLogger, runProcess } from '@slipway/service-kit'
import { runDemo } from './demo/demo.ts'
import { demoPassword, rememberDemoPassword } from './demo/demo-password.ts'
import { type Lab, startLab } from './demo/lab-process.ts'
import { whatNext } from './demo/what-next.ts'
import { helpText, type Options, parseOptions } from './options.ts'
import { loadStandaloneSettings, type StandaloneSettings } from './settings.ts'
import { type Standalone, startStandalone } from './standalone.ts'
import { startFailure } from './start-failure.ts'

const STOP_GRACE_MS = 60_000
/** Simulated routers restart in seconds: less patience than real ones need, where nothing else was asked for. */
const labPatience = {
  EXECUTOR_POLL_INTERVAL: '500ms',
  EXECUTOR_RELOAD_HOLD: '1s',
  EXECUTOR_RECONNECT_PAUSE: '500ms',
  EXECUTOR_LOOK_AGAIN: '2s',
}
/** Below it lies the demo's software feed, unless somebody has one of their own. */
const demoFeedDir = fileURLToPath(new URL('../demo', import.meta.url))
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
      const env = options.demo ? demoEnvironment() : process.env
      const onInitialAdmin = ({ username, password }: { username: string; password: string }) => {
        print(`  password    ${password}   (generated for '${username}'; shown only this once)`)
        if (options.demo) rememberDemoPassword(settings.dataDir, password)
      }
      const starting = startStandalone({ settings, env, log, onProgress, onInitialAdmin, signal })
      starting.catch((error: unknown) => {
        if (!signal.aborted) process.stderr.write(`${startFailure(error)}\n`)
      })
      const slipway = await starting
      printStart(slipway, settings, context.startedAt)
      const demo = options.demo ? startDemo(slipway, settings, options) : undefined
      return {
        ...(demo?.done ? { done: demo.done } : {}),
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

/**
 * Settings of the demo where nothing else was asked for; an empty variable counts as not set. With its feed the demo
 * also says what in it is to be imported, so that `POST /cco/import {}` imports it again.
 */
function demoEnvironment() {
  const { CATALOG_FEED_DIR: feedDir, CATALOG_FEED_SOURCE: feedSource } = process.env
  const feed = feedDir ? {} : { CATALOG_FEED_DIR: demoFeedDir, CATALOG_FEED_SOURCE: feedSource || 'catalog' }
  return { ...labPatience, ...process.env, ...feed }
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
  print(`  data        ${settings.dataDir}`)
  print(`  database    ${slipway.database}`)
  print(`  API         ${slipway.url}/api/v1`)
  print('  admin user  root')
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
  print(`Slipway is ready on ${slipway.url} after ${seconds} s. Ctrl-C stops it.`)
}

/** Runs the demo beside the started application. `done`: only where the process ends with the demo. */
function startDemo(slipway: Standalone, settings: StandaloneSettings, options: Options) {
  const aborter = new AbortController()
  let lab: Lab | undefined
  const run = async (): Promise<boolean> => {
    const password = demoPassword(settings.dataDir, process.env['SLIPWAY_ADMIN_PASSWORD'])
    print('\nStarting a lab of simulated routers')
    lab = await startLab(['--quiet'])
    const { url } = slipway
    const folder = join(settings.dataDir, 'demo-session-logs')
    return runDemo({ url, username: 'root', password, lab, folder, print, signal: aborter.signal })
  }
  const finished = run()
    .catch((error: unknown) => {
      if (!aborter.signal.aborted)
        print(`\nThe demo failed: ${error instanceof Error ? error.message : error}`)
      return false
    })
    .then((completed) => {
      if (aborter.signal.aborted) return 0
      print(completed ? '\nThe upgrade is completed.' : '\nThe upgrade did not complete.')
      if (!options.exit) for (const line of whatNext(slipway.url, 'root')) print(line)
      return completed ? 0 : 1
    })
  return {
    ...(options.exit ? { done: finished } : {}),
    stop: async () => {
      aborter.abort()
      await finished
      await lab?.stop()
    },
  }
}
