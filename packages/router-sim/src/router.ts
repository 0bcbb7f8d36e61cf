/**
 * A simulated router: state, listener, sessions, reloads. It lives in this process and speaks on a real socket of
 * loopback.
 */
import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import { classicFaultLines } from './commands/classic-install-commands.ts'
import { exrFaultLines } from './commands/exr-install-commands.ts'
import { syslogTime } from './device-time.ts'
import { PROFILES } from './families.ts'
import { createFaultScript, FAULT_KINDS, type Fault } from './faults.ts'
import type { Fetchers } from './fetch/fetcher.ts'
import { openSftp } from './fetch/sftp-fetcher.ts'
import { hostKeys } from './host-keys.ts'
import { createInstallEngine, type InstallEngine } from './install/install-engine.ts'
import type { Operation } from './install/operation.ts'
import { countByKind, type Mutation, type MutationKind, mutationKind } from './mutations.ts'
import { DEFAULT_TIMING, type RouterCore, type Timing } from './router-core.ts'
import { createVtyLines } from './session/vty-lines.ts'
import { simError } from './sim-error.ts'
import { initialPackages } from './software/demo-packages.ts'
import type { Family, PackageFacts } from './software/package-facts.ts'
import { createPackageStore, type PackageStore } from './software/package-store.ts'
import { createPortListener } from './transport/port-listener.ts'
import { createSshEndpoint } from './transport/ssh.ts'
import { telnetWire } from './transport/telnet.ts'

/** Options of a router. */
export interface RouterOptions {
  /** Unique name, as the control API addresses it. */
  readonly name: string
  readonly family: Family
  readonly protocol: 'telnet' | 'ssh'
  /** Name in the prompt; default `ios`, as of a router without configuration. */
  readonly hostname?: string
  readonly user: string
  readonly password: string
  /** 0 or absent: any free port below the ephemeral range. */
  readonly port?: number
  /** Default 127.0.0.1. */
  readonly address?: string
  readonly timing?: Partial<Timing>
  /** What is active and committed at first; exactly one image. Default: the family's first release. */
  readonly packages?: readonly PackageFacts[]
  readonly faults?: readonly Fault[]
  /** Text shown before (Telnet) or after (SSH) the log-in. */
  readonly banner?: string
  /** Whether the bare `admin` of eXR asks for user and password; default no. */
  readonly adminLogin?: boolean
  /** Sessions at once, default 5 (`vty-pool default 0 4`). */
  readonly vtyLines?: number
  /** Size of disk0: in bytes, default 25.6 GB. */
  readonly diskBytes?: number
  /** Chassis serial number; default derived from the name. */
  readonly serial?: string
  /** Fetchers by URL scheme; default SFTP. */
  readonly fetchers?: Fetchers
  readonly now?: () => Date
}

/** A snapshot of a router, JSON-ready. */
export interface RouterState {
  readonly name: string
  readonly family: Family
  readonly hostname: string
  readonly release: string
  /** `up`, or `down` while a reload refuses connections, or `stopped`. */
  readonly status: 'up' | 'down' | 'stopped'
  readonly bootedAt: string
  readonly reloads: number
  readonly active: readonly string[]
  readonly inactive: readonly string[]
  readonly committed: readonly string[]
  readonly uncommitted: boolean
  readonly sessions: readonly {
    readonly id: number
    readonly line: string
    readonly user: string
    readonly remote: string
  }[]
  readonly operations: readonly {
    readonly id: number
    readonly kind: string
    readonly text: string
    readonly state: string
    readonly packages: readonly string[]
  }[]
}

/** Events of a router. */
export interface RouterEvents {
  /** An install operation started or ended. */
  operation: [operation: Operation]
  /** The sessions are cut and the port is closed. */
  reload: [reason: string]
  /** The port is open (again). */
  up: []
  /** A line arrived on a session. */
  command: [command: { readonly line: string; readonly session: number; readonly user: string }]
}

/** A simulated router. */
export interface SimulatedRouter extends Pick<EventEmitter<RouterEvents>, 'on' | 'once' | 'off'> {
  readonly name: string
  readonly options: RouterOptions
  /** Opens the port. @throws SIM_PORT_UNAVAILABLE */
  readonly start: () => Promise<{ readonly address: string; readonly port: number }>
  /** Closes the port and cuts all sessions; the state stays. */
  readonly stop: () => Promise<void>
  readonly state: () => RouterState
  /** Mutating commands received, oldest first. */
  readonly mutations: readonly Mutation[]
  readonly counts: () => Record<MutationKind, number>
  readonly faults: () => ReturnType<ReturnType<typeof createFaultScript>['list']>
  /** Replaces the fault script. @throws SIM_FAULT_INVALID */
  readonly setFaults: (faults: readonly Fault[]) => void
  /** Forgets counted mutations and clears the faults; software and log stay. */
  readonly reset: () => void
  /** Pulls the plug: an immediate reload. */
  readonly powerCycle: () => void
}

const DISK_BYTES = 25_612_173_312
const SYSLOG_LINES = 500
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/

/** Makes a router; it listens after `start()`. */
export function createRouter(options: RouterOptions): SimulatedRouter {
  if (!NAME.test(options.name) || !NAME.test(options.hostname ?? 'ios')) {
    throw simError('SIM_OPTION_INVALID', 'names are letters, digits, dot, dash and underscore')
  }
  const events = new EventEmitter<RouterEvents>()
  const now = options.now ?? (() => new Date())
  const timing: Timing = { ...DEFAULT_TIMING, ...options.timing }
  const address = options.address ?? '127.0.0.1'
  const store = createPackageStore(options.packages ?? initialPackages(options.family))
  const faults = createFaultScript(options.faults)
  const mutations: Mutation[] = []
  const syslog: string[] = []
  const timers = new Set<NodeJS.Timeout>()
  let bootedAt = new Date(now().getTime() - initialUptimeMs(options.name))
  let bootedNow = false
  let status: RouterState['status'] = 'stopped'
  let reloads = 0
  let boots = 0
  let started = false
  let refusing = false

  const later = (milliseconds: number, action: () => void) => {
    const timer = setTimeout(() => {
      timers.delete(timer)
      action()
    }, milliseconds)
    timers.add(timer)
  }
  const log = (text: string) => {
    syslog.push(`RP/${PROFILES[options.family].activeNode}:${syslogTime(now())} UTC: ${text}`)
    if (syslog.length > SYSLOG_LINES) syslog.shift()
  }
  const profile = PROFILES[options.family]
  const engine: InstallEngine = createInstallEngine({
    now,
    operationMs: () => timing.operationMs,
    failure(command) {
      const fault = faults.take(FAULT_KINDS.abort, command)
      if (fault === undefined) return undefined
      if (fault.text !== undefined) return fault.text.split('\n')
      return profile.os === 'classic'
        ? classicFaultLines(profile.activeNode)
        : exrFaultLines(profile.activeNode)
    },
    changed(operation) {
      log(syslogOf(operation))
      events.emit('operation', operation)
    },
    reload: (operation) => core.reload(`install operation ${operation.id}`),
  })
  const core: RouterCore = {
    name: options.name,
    hostname: options.hostname ?? 'ios',
    profile,
    serial: options.serial ?? serialOf(profile.serialPrefix, options.name),
    store,
    engine,
    faults,
    fetchers: options.fetchers ?? { sftp: openSftp },
    timing,
    diskBytes: options.diskBytes ?? DISK_BYTES,
    adminLogin: options.adminLogin ?? false,
    banner: options.banner ?? '',
    now,
    bootedAt: () => bootedAt,
    settled: () => !bootedNow || now().getTime() - bootedAt.getTime() >= timing.settleMs,
    sessions: () => lines.sessions(),
    checkLogin: (user, password) =>
      faults.take(FAULT_KINDS.wrongPassword, user) === undefined &&
      sameText(user, options.user) &&
      sameText(password, options.password),
    reload: (reason) => later(timing.reloadDelayMs, () => goDown(reason)),
    syslog: log,
    syslogLines: () => syslog,
    received(line, session) {
      const kind = mutationKind(line)
      if (kind !== undefined) {
        const at = now().toISOString()
        mutations.push({
          seq: mutations.length + 1,
          kind,
          text: line,
          at,
          session: session.id,
          user: session.user,
        })
      }
      events.emit('command', { line, session: session.id, user: session.user })
    },
    announce: (_operation, words, session) => session.notify(words),
  }
  const lines = createVtyLines(core, options.vtyLines ?? 5)
  const listener = createPortListener({ address, port: options.port ?? 0 }, accept)
  let ssh: ReturnType<typeof createSshEndpoint> | undefined

  function accept(socket: Socket): void {
    if (faults.take(FAULT_KINDS.mute) !== undefined) return
    if (ssh !== undefined) ssh.accept(socket)
    else lines.telnet(telnetWire(socket))
  }
  function goDown(reason: string): void {
    if (status !== 'up') return
    status = 'down'
    engine.abort(undefined, 'Interrupted by a reload')
    events.emit('reload', reason)
    reloads += 1
    boots += 1
    const boot = boots
    listener.cut()
    listener.close().then(
      () => {
        // Whoever slipped in while the port was closing.
        listener.cut()
        later(timing.reloadMs, () => comeUp(boot))
      },
      () => undefined,
    )
  }
  function comeUp(boot: number): void {
    if (status !== 'down' || boot !== boots || faults.has(FAULT_KINDS.stayDown)) return
    store.boot()
    bootedAt = now()
    bootedNow = true
    log('%OS-SYSMGR-5-NOTICE : Card is COLD started')
    open().catch((error: unknown) => log(`%OS-TTY-4-WARNING : ${String(error)}`))
  }
  async function open(): Promise<number> {
    refusing = faults.has(FAULT_KINDS.refuse)
    const port = await listener.open()
    if (refusing || !started) await listener.close()
    if (!started) return port
    if (boots === 0) log('%OS-SYSMGR-5-NOTICE : Card is WARM started')
    status = 'up'
    events.emit('up')
    return port
  }
  /** The port follows the `refuse` fault, and a router that stayed down comes up when its faults are cleared. */
  function followFaults(): void {
    if (status === 'down' && !faults.has(FAULT_KINDS.stayDown)) later(timing.reloadMs, () => comeUp(boots))
    if (status !== 'up' || refusing === faults.has(FAULT_KINDS.refuse)) return
    refusing = !refusing
    const action = refusing ? listener.close() : open()
    action.then(
      () => undefined,
      (error: unknown) => log(`%OS-TTY-4-WARNING : ${String(error)}`),
    )
  }
  return {
    name: options.name,
    options,
    on: events.on.bind(events),
    once: events.once.bind(events),
    off: events.off.bind(events),
    mutations,
    async start() {
      started = true
      if (options.protocol === 'ssh' && ssh === undefined) {
        ssh = createSshEndpoint({
          hostKeys: await hostKeys(),
          banner: core.banner,
          check: core.checkLogin,
          shell: lines.ssh,
          exec: lines.exec,
        })
      }
      return { address, port: await open() }
    },
    async stop() {
      started = false
      status = 'stopped'
      for (const timer of timers) clearTimeout(timer)
      timers.clear()
      engine.abort(undefined, 'Interrupted by a power loss')
      lines.stop()
      await listener.close()
      listener.cut()
    },
    state: () => snapshot(options, core, { status, reloads }),
    counts: () => countByKind(mutations),
    faults: faults.list,
    setFaults(script) {
      faults.set(script)
      followFaults()
    },
    reset() {
      mutations.length = 0
      faults.set([])
      followFaults()
    },
    powerCycle: () => goDown('power cycle'),
  }
}

/** What a Telnet terminal delivers is bytes read as latin1; SSH delivers text. */
function sameText(received: string, expected: string): boolean {
  return received === expected || received === Buffer.from(expected, 'utf8').toString('latin1')
}

/** An uptime between one day and nine weeks that is the same for the same name. */
function initialUptimeMs(name: string): number {
  return (24 + (hash(name) % 1500)) * 3_600_000
}

/** Serial number: the family's stem and three characters of the name's hash. */
function serialOf(prefix: string, name: string): string {
  return `${prefix}${(hash(name) % 46_656).toString(36).padStart(3, '0').toUpperCase()}`
}

function hash(text: string): number {
  return [...text].reduce((sum, char) => (Math.imul(sum, 31) + char.charCodeAt(0)) >>> 0, 7)
}

function syslogOf(operation: Operation): string {
  const verb = {
    running: 'STARTED',
    succeeded: 'COMPLETED_SUCCESSFULLY',
    failed: 'USER_INFO',
    aborted: 'USER_INFO',
  }
  const text = `Install operation ${operation.id} '(admin) ${operation.text}'`
  return `instdir[251]: %INSTALL-INSTMGR-6-INSTALL_OPERATION_${verb[operation.state]} : ${text}`
}

function snapshot(
  options: RouterOptions,
  core: RouterCore,
  now: Pick<RouterState, 'status' | 'reloads'>,
): RouterState {
  const store: PackageStore = core.store
  const names = (packages: readonly PackageFacts[]) => packages.map((facts) => facts.name)
  return {
    name: options.name,
    family: options.family,
    hostname: core.hostname,
    release: store.image().release,
    ...now,
    bootedAt: core.bootedAt().toISOString(),
    active: names(store.active()),
    inactive: names(store.inactive()),
    committed: names(store.committed()),
    uncommitted: store.uncommitted(),
    sessions: core.sessions().map(({ id, line, user, remote }) => ({ id, line, user, remote })),
    operations: core.engine
      .log()
      .map(({ id, kind, text, state, packages }) => ({ id, kind, text, state, packages })),
  }
}
