/**
 * A simulated router: state, listener, sessions, reloads. It lives in this process and speaks on a real socket of
 * loopback.
 */
import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import { classicFaultLines } from './commands/classic-install-commands.ts'
import { exrFaultLines } from './commands/exr-install-commands.ts'
import { syslogTime } from './device-time.ts'
import { type FamilyProfile, PROFILES } from './families.ts'
import { createFaultScript, FAULT_KINDS, type Fault } from './faults.ts'
import type { Fetchers } from './fetch/fetcher.ts'
import { openFtp } from './fetch/ftp-fetcher.ts'
import { createHttpFetcher } from './fetch/http-fetcher.ts'
import { openSftp } from './fetch/sftp-fetcher.ts'
import { hostKeys } from './host-keys.ts'
import { createInstallEngine } from './install/install-engine.ts'
import type { Operation } from './install/operation.ts'
import {
  countByKind,
  type Mutation,
  type MutationKind,
  mutationKind,
  overlappingSessions,
} from './mutations.ts'
import { DEFAULT_TIMING, type RouterCore, type Timing } from './router-core.ts'
import { createPower } from './router-power.ts'
import { type RouterState, snapshotOf } from './router-snapshot.ts'
import type { SessionRecord } from './session/session-log.ts'
import { createTranscript, type TranscriptEntry } from './session/transcript.ts'
import { createVtyLines } from './session/vty-lines.ts'
import { simError } from './sim-error.ts'
import { initialPackages } from './software/demo-packages.ts'
import type { Family, PackageFacts } from './software/package-facts.ts'
import { createPackageStore } from './software/package-store.ts'
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
  /** What lies on its disk beside them, inactive. */
  readonly inactive?: readonly PackageFacts[]
  /** What is active beside them and not committed. */
  readonly uncommitted?: readonly PackageFacts[]
  /** Size of disk0: in bytes, default 25.6 GB. */
  readonly diskBytes?: number
  /** Chassis serial number; default derived from the name. */
  readonly serial?: string
  /** Only connections from this address are let in, others are reset: a router behind a jump host. Default: any. */
  readonly reachableFrom?: string
  /** Fetchers by URL scheme; default SFTP and FTP, and on eXR HTTP and HTTPS. */
  readonly fetchers?: Fetchers
  /** Keep everything that is received and said on its sessions, for as long as it lives. Default: no. */
  readonly keepTranscript?: boolean
  readonly now?: () => Date
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
  /** Sessions that are open or have ended, oldest first; at most the latest 2,000. */
  readonly sessionLog: () => readonly SessionRecord[]
  /** What was received and said on all sessions, in order; empty without `keepTranscript`. */
  readonly transcript: () => readonly TranscriptEntry[]
  /** Pairs of sessions that sent mutating commands in turns. */
  readonly overlaps: () => [number, number][]
  readonly faults: () => ReturnType<ReturnType<typeof createFaultScript>['list']>
  /** Replaces the fault script. @throws SIM_FAULT_INVALID */
  readonly setFaults: (faults: readonly Fault[]) => void
  /** Forgets counted mutations, ended sessions and the transcript, and clears the faults; software and log stay. */
  readonly reset: () => void
  /** Lets the running install operation take no more time: it ends as it would have. */
  readonly hurry: () => void
  /** Pulls the plug: an immediate reload. */
  readonly powerCycle: () => void
}

const DISK_BYTES = 25_612_173_312
const SYSLOG_LINES = 500
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/

/** Makes a router; it listens after `start()`. @throws SIM_OPTION_INVALID, SIM_FAULT_INVALID */
export function createRouter(options: RouterOptions): SimulatedRouter {
  if (!NAME.test(options.name) || !NAME.test(options.hostname ?? 'ios')) {
    throw simError('SIM_OPTION_INVALID', 'names are letters, digits, dot, dash and underscore')
  }
  const events = new EventEmitter<RouterEvents>()
  const mutations: Mutation[] = []
  const address = options.address ?? '127.0.0.1'
  const core = createCore(options, events, mutations, {
    sessions: () => lines.sessions(),
    reload: (reason) => power.reload(reason),
  })
  const { faults } = core
  const lines = createVtyLines(core, options.vtyLines ?? 5)
  const listener = createPortListener({ address, port: options.port ?? 0 }, accept)
  const power = createPower({
    listener,
    faults,
    timing: core.timing,
    wentDown(reason) {
      core.engine.abort(undefined, 'Interrupted by a reload')
      events.emit('reload', reason)
    },
    boots: core.boot,
    cameUp: () => events.emit('up'),
    failed: (error) => core.syslog(`%OS-TTY-4-WARNING : ${String(error)}`),
  })
  let ssh: ReturnType<typeof createSshEndpoint> | undefined

  function accept(socket: Socket): void {
    const { reachableFrom } = options
    if (reachableFrom !== undefined && socket.remoteAddress !== reachableFrom) {
      socket.resetAndDestroy()
      return
    }
    if (faults.take(FAULT_KINDS.mute) !== undefined) return
    if (ssh !== undefined) ssh.accept(socket)
    else lines.telnet(telnetWire(socket))
  }
  const openSsh = async () => {
    const { banner, checkLogin: check } = core
    return createSshEndpoint({
      hostKeys: await hostKeys(),
      banner,
      check,
      shell: lines.ssh,
      exec: lines.exec,
    })
  }
  const script = (wanted: readonly Fault[]) => {
    faults.set(wanted)
    power.followFaults()
  }
  return {
    name: options.name,
    options,
    on: events.on.bind(events),
    once: events.once.bind(events),
    off: events.off.bind(events),
    mutations,
    async start() {
      if (options.protocol === 'ssh') ssh ??= await openSsh()
      return { address, port: await power.start() }
    },
    async stop() {
      await power.stop()
      core.engine.abort(undefined, 'Interrupted by a power loss')
      lines.stop()
    },
    state: () => snapshotOf(core, { status: power.status(), reloads: power.reloads() }),
    counts: () => countByKind(mutations),
    sessionLog: lines.log.all,
    transcript: core.transcript.entries,
    overlaps: () => overlappingSessions(mutations),
    faults: faults.list,
    setFaults: script,
    reset() {
      mutations.length = 0
      lines.log.reset()
      core.transcript.reset()
      script([])
    },
    hurry: core.engine.hurry,
    powerCycle: () => power.cycle('power cycle'),
  }
}

/** The core, and the boot that only power may ask for. */
type BootableCore = RouterCore & { readonly boot: () => void }

function createCore(
  options: RouterOptions,
  events: EventEmitter<RouterEvents>,
  mutations: Mutation[],
  parts: Pick<RouterCore, 'sessions' | 'reload'>,
): BootableCore {
  const profile = PROFILES[options.family]
  const now = options.now ?? (() => new Date())
  const timing: Timing = { ...DEFAULT_TIMING, ...options.timing }
  const store = createPackageStore(options.packages ?? initialPackages(options.family))
  store.add(options.uncommitted ?? [])
  store.setActive(new Set(store.all().map((facts) => facts.name)))
  store.add(options.inactive ?? [])
  const faults = createFaultScript(options.faults)
  const transcript = createTranscript(now, options.keepTranscript ?? false)
  const syslogLines: string[] = []
  let bootedAt = new Date(now().getTime() - initialUptimeMs(options.name))
  let settledAt = 0
  const syslog = (text: string) => {
    syslogLines.push(`RP/${profile.activeNode}:${syslogTime(now())} UTC: ${text}`)
    if (syslogLines.length > SYSLOG_LINES) syslogLines.shift()
  }
  syslog('%OS-SYSMGR-5-NOTICE : Card is WARM started')
  const engine = createInstallEngine({
    now,
    operationMs: () => timing.operationMs,
    failure: (command) => failureWords(profile, faults.take(FAULT_KINDS.abort, command)),
    changed(operation) {
      syslog(syslogOf(operation))
      events.emit('operation', operation)
    },
    reload: (operation) => parts.reload(`install operation ${operation.id}`),
  })
  return {
    name: options.name,
    hostname: options.hostname ?? 'ios',
    profile,
    serial: options.serial ?? serialOf(profile.serialPrefix, options.name),
    store,
    engine,
    faults,
    fetchers: options.fetchers ?? defaultFetchers(profile),
    timing,
    diskBytes: options.diskBytes ?? DISK_BYTES,
    adminLogin: options.adminLogin ?? false,
    banner: options.banner ?? '',
    now,
    ...parts,
    bootedAt: () => bootedAt,
    settled: () => now().getTime() >= settledAt,
    checkLogin: (user, password) =>
      faults.take(FAULT_KINDS.wrongPassword, user) === undefined &&
      sameText(user, options.user) &&
      sameText(password, options.password),
    syslog,
    syslogLines: () => syslogLines,
    transcript,
    received(text, { id: session, user }) {
      transcript.line({ id: session }, text)
      const kind = mutationKind(text)
      if (kind !== undefined) {
        mutations.push({ seq: mutations.length + 1, kind, text, at: now().toISOString(), session, user })
      }
      events.emit('command', { line: text, session, user })
    },
    announce: (_operation, words, session) => session.notify(words),
    boot() {
      store.boot()
      bootedAt = now()
      settledAt = bootedAt.getTime() + timing.settleMs
      syslog('%OS-SYSMGR-5-NOTICE : Card is COLD started')
    },
  }
}

/** Classic IOS XR adds packages from no web server. */
function defaultFetchers({ os }: FamilyProfile): Fetchers {
  const files = { sftp: openSftp, ftp: openFtp }
  const http = createHttpFetcher()
  return os === 'classic' ? files : { ...files, http, https: http }
}

/** Words of a fault that makes an operation fail half-way. */
function failureWords(profile: FamilyProfile, fault: Fault | undefined): readonly string[] | undefined {
  if (fault === undefined) return undefined
  if (fault.text !== undefined) return fault.text.split('\n')
  return profile.os === 'classic' ? classicFaultLines(profile.activeNode) : exrFaultLines(profile.activeNode)
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
