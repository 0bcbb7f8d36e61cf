// A real nats-server for tests: Debian's binary, its own process on a free port, gone with the test.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  accessSync,
  constants,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Teardown } from './teardown.ts'

export interface NatsServerOptions {
  /** Default: a free one, kept over restarts. */
  readonly port?: number
  /** Whom it lets in; default anybody. */
  readonly auth?: { readonly user: string; readonly password: string } | { readonly token: string }
  /** Paths of PEM files. With `ca` clients must show a certificate that it signed. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly ca?: string }
  /** More lines of its configuration file. */
  readonly config?: string
}

export interface NatsServer {
  /** `nats://127.0.0.1:4711`, without credentials. */
  readonly url: string
  readonly port: number
  readonly pid: number
  /** Kills it as a power failure would and starts it anew on the same port, perhaps with other settings. */
  restart(options?: NatsServerOptions): Promise<void>
  /** Starts it again after stop(). */
  start(): Promise<void>
  /** Kills it. Resolves when it has ended. */
  stop(): Promise<void>
  /** Other settings without a restart, by SIGHUP; resolves when it has taken them. The port stays. */
  reload(options: NatsServerOptions): Promise<void>
  /** Freezes it (SIGSTOP): connections stay open and nothing answers, as behind a broken network. */
  pause(): void
  resume(): void
  /** Asks it to send its clients away and then end (lame duck mode); resolves when it has ended. */
  lameDuck(): Promise<void>
}

/** What the server writes when clients can connect: `[1] … [INF] Listening for client connections on 127.0.0.1:4711` */
const LISTENING = /Listening for client connections on \S+:(\d+)/
const READY = 'Server is ready'
const RELOADED = 'Reloaded server configuration'
const FAILED_RELOAD = 'Failed to reload server configuration'
/** `slipway-nats-4711-a1b2c3`: the process that started it */
const DIRECTORY_NAME = /^slipway-nats-(\d+)-/
const PID_FILE = 'server.pid'
/** Debian installs it where a user's PATH does not always lead. */
const MORE_PLACES = ['/usr/sbin', '/usr/local/sbin', '/usr/local/bin', '/usr/bin']

/** Where to look beside the PATH. */
interface NatsPlaces {
  readonly places?: readonly string[]
}

/** The path of the nats-server binary; undefined if there is none on this machine. */
export function findNatsServer({ places = MORE_PLACES }: NatsPlaces = {}): string | undefined {
  const all = [...(process.env['PATH'] ?? '').split(delimiter), ...places]
  return all.map((place) => join(place || '.', 'nats-server')).find(isExecutable)
}

/** The part of tap's `t` with which something is reported as left out. */
interface Skips {
  pass(message: string, extra: { skip: string }): unknown
}

/**
 * True if tests with a NATS server can run. Without the binary they are left out, and the report says so and how to
 * get it; where the environment variable CI is set they never are: there it throws.
 */
export function haveNatsServer(t: Skips, where: NatsPlaces = {}): boolean {
  if (findNatsServer(where) !== undefined) return true
  const advice = 'no nats-server on this machine (Debian: apt-get install nats-server)'
  if (process.env['CI']) throw new Error(`Tests over NATS cannot run: ${advice}`)
  t.pass('LEFT OUT: all tests over NATS in this file', { skip: advice })
  return false
}

/** Starts a server; it ends with the test, or without one with this process. Throws if there is no binary. */
export async function natsServer(t?: Teardown, options: NatsServerOptions = {}): Promise<NatsServer> {
  const binary = findNatsServer()
  if (binary === undefined) throw new Error('no nats-server on this machine (apt-get install nats-server)')
  removeLeftovers()
  const directory = mkdtempSync(join(tmpdir(), `slipway-nats-${process.pid}-`))
  const file = join(directory, 'server.conf')
  let current = options
  let server = await launch(binary, file, options, options.port ?? -1)
  const { port } = server
  const onExit = (): void => {
    server.child.kill('SIGKILL')
    rmSync(directory, { recursive: true, force: true })
  }
  process.once('exit', onExit)

  const handle: NatsServer = {
    url: `nats://127.0.0.1:${port}`,
    port,
    get pid() {
      return server.child.pid ?? 0
    },
    async restart(changed = current) {
      await handle.stop()
      current = changed
      await handle.start()
    },
    async start() {
      server = await launch(binary, file, current, port)
    },
    stop: () => server.end('SIGKILL'),
    async reload(changed) {
      current = changed
      writeFileSync(file, configText(changed, port))
      const reloaded = server.said([RELOADED, FAILED_RELOAD])
      server.child.kill('SIGHUP')
      const line = await reloaded
      if (line.includes(FAILED_RELOAD)) throw new Error(line)
    },
    pause: () => server.child.kill('SIGSTOP'),
    resume: () => server.child.kill('SIGCONT'),
    lameDuck: () => server.end('SIGUSR2'),
  }
  t?.teardown(async () => {
    process.removeListener('exit', onExit)
    await handle.stop()
    rmSync(directory, { recursive: true, force: true })
  })
  return handle
}

interface Launched {
  child: ChildProcess
  port: number
  end(signal: NodeJS.Signals): Promise<void>
  /** Resolves with the next line that holds one of the texts. */
  said(texts: readonly string[]): Promise<string>
}

async function launch(
  binary: string,
  file: string,
  options: NatsServerOptions,
  port: number,
): Promise<Launched> {
  writeFileSync(file, configText(options, port))
  const child = spawn(binary, ['-c', file, '-P', join(dirname(file), PID_FILE)], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', () => resolve())
  })
  const lines: string[] = []
  const reader = createInterface({ input: child.stderr })
  reader.on('line', (line) => lines.push(line))
  async function said(texts: readonly string[]): Promise<string> {
    const closed = once(reader, 'close').then(() => {
      throw new Error(`nats-server ended:\n${lines.slice(-10).join('\n')}`)
    })
    const heard = new Promise<string>((resolve) => {
      const onLine = (line: string): void => {
        if (!texts.some((text) => line.includes(text))) return
        reader.removeListener('line', onLine)
        resolve(line)
      }
      reader.on('line', onLine)
    })
    return Promise.race([heard, closed])
  }
  await said([READY])
  const listening = lines.map((line) => LISTENING.exec(line)?.[1]).find((found) => found !== undefined)
  return {
    child,
    port: Number(listening),
    said,
    async end(signal) {
      child.kill(signal)
      await ended
    },
  }
}

function configText({ auth, tls, config = '' }: NatsServerOptions, port: number): string {
  const lines = [`host: 127.0.0.1`, `port: ${port}`]
  if (auth !== undefined) {
    const entries = 'token' in auth ? { token: auth.token } : { user: auth.user, password: auth.password }
    lines.push(`authorization: ${JSON.stringify(entries)}`)
  }
  if (tls !== undefined) {
    const { cert, key, ca } = tls
    const entries = {
      cert_file: cert,
      key_file: key,
      ...(ca === undefined ? {} : { ca_file: ca, verify: true }),
    }
    lines.push(`tls: ${JSON.stringify(entries)}`)
  }
  return [...lines, config, ''].join('\n')
}

/** Servers of test processes that were killed. */
function removeLeftovers(): void {
  for (const name of readdirSync(tmpdir())) {
    const starter = DIRECTORY_NAME.exec(name)?.[1]
    if (starter === undefined || existsSync(`/proc/${starter}`) || !existsSync('/proc/self')) continue
    const directory = join(tmpdir(), name)
    const pid = readText(join(directory, PID_FILE)).trim()
    // Only if it is that server: the process id may be somebody else's by now.
    const isOurs = pid !== '' && readText(`/proc/${pid}/cmdline`).includes(`${directory}/`)
    if (isOurs) process.kill(Number(pid), 'SIGKILL')
    rmSync(directory, { recursive: true, force: true })
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
