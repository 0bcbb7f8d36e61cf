/** The command line of the lab: `npm run lab`. */
import { parseArgs } from 'node:util'
import { createLab, type Lab, type LabOptions } from './lab/lab.ts'
import { simError } from './sim-error.ts'
import { FAMILIES, type Family } from './software/package-facts.ts'

/** Where the command writes and what stops it. */
export interface LabIo {
  /** Gets one JSON line per call on the standard output, newline included. */
  readonly stdout: (text: string) => void
  readonly stderr: (text: string) => void
  /** Ends the lab; default SIGINT and SIGTERM. */
  readonly signal?: AbortSignal
}

/** Text of `--help`. */
export const LAB_HELP = `Usage: npm run lab -- [options]

Starts simulated Cisco routers on this machine (classic IOS XR: asr9k; eXR: ncs5500, asr9k-x64) over real Telnet
and SSH, an SFTP server with packages for them, and an HTTP control API. Prints one JSON line per thing:

  {"kind":"router","name","family","protocol":"telnet"|"ssh","address","port","user","password"}
                                                                     where one is needed, also
                                                                     "jump_host":{"name","protocol","address","port","user","password"}
  {"kind":"repository","row":{...},"packages":{"<family>":["<file>",...]}}   row is a body for POST /server_repositories;
                                                                     packages make one upgrade, added and activated together
  {"kind":"control","url"}
  {"kind":"ready"}

and runs until Ctrl-C. Routers keep their state until then.

Options
  --routers N          number of routers (default: one of each kind; kinds repeat)
  --family F           only this family: asr9k, ncs5500 or asr9k-x64; may be given several times
  --protocol P         only telnet or ssh
  --base-port N        first TCP port; the following ones are taken too (default: any free ports)
                       order: routers, SFTP server, control API, then FTP server, jump host, routers behind it
  --jump-host          two more routers, reached only through an SSH jump host (on Linux)
  --ftp                an FTP server with the same files: a second repository line
  --user NAME          user of the routers (default: root)
  --password TEXT      password of everything (default: random, another one each)
  --operation-ms N     duration of an install operation (default: 3000)
  --reload-ms N        how long a reloading router refuses connections (default: 4000)
  --reload-delay-ms N  from the end of the operation to the loss of the sessions (default: 500)
  --settle-ms N        how long line cards boot after a reload (default: 2000)
  --seed TEXT          makes passwords repeatable
  --data-dir DIR       directory of the file servers; put files of your own there (default: temporary)
  --banner TEXT        message of the day of every router
  --nasty-banner       a message of the day full of prompt-like characters
  --admin-login        eXR: the bare "admin" command asks for user and password
  --keep-transcript    keep everything received and said on sessions, for GET /routers/NAME/transcript; grows
  --quiet              nothing on the standard error
  --help               this text

Try a router by hand
  ssh -p PORT root@127.0.0.1              telnet 127.0.0.1 PORT
  show version brief                      classic; eXR has "show version"
  admin show install active summary       classic; eXR: "show install active"
  admin install add source sftp://lab:PASSWORD@127.0.0.1:PORT/ asr9k-mcast-px.pie-5.3.3 async
  install add source sftp://lab@127.0.0.1:PORT/ ncs5500-mgbl-3.0.0.0-r601.x86_64.rpm

Control API (JSON, loopback only)
  GET  /routers                     names, status, releases, counters of mutating commands
  GET  /routers/NAME                state, install log, every mutating command received, faults
  GET  /routers/NAME/transcript     everything received and said on its sessions (--keep-transcript)
  POST /routers/NAME/faults         [{"kind":"drop","match":"install activate","nth":1}, ...]; [] clears
  POST /routers/NAME/reset          forgets counters and faults     POST /reset  all of them
  POST /routers/NAME/power-cycle    reloads at once
  GET  /repositories                logins and downloads
  GET  /jump-hosts                  logins, open connections and channels
  POST /jump-hosts/NAME/cut         cuts its connections             POST .../stop, .../start

  Faults: wrong-password, refuse, mute, drop, hang, garbage, slow, reject, abort, disk-full, busy, stay-down,
  failed-startup; each takes match (regular expression on the command), nth, times, delayMs, text, after.

Examples
  npm run lab -- --routers 2 --family asr9k
  npm run lab -- --routers 200 --protocol ssh --operation-ms 20000 --reload-ms 30000
  npm run lab -- --seed demo --base-port 20000
  npm run lab -- --jump-host --ftp
  ssh -J lab@127.0.0.1:JUMPPORT -p PORT root@127.0.0.2
  curl -X POST -d '[{"kind":"abort","match":"install activate"}]' URL/routers/lab-asr9k-telnet-1/faults
`

const SLOW_ENOUGH_TO_WATCH = {
  operationMs: 3000,
  reloadMs: 4000,
  reloadDelayMs: 500,
  settleMs: 2000,
} as const
const MAX_ROUTERS = 5000

/** A banner made of what clients take for prompts. */
export const NASTY_BANNER = `
################################################################
#  Authorized access only!  router> router# RP/0/RP0/CPU0:x#   #
#  login: guest   Password: never   --More--  (yes/no)? [y]    #
#  >>> $ % # [confirm]  Username:                              #
################################################################
`

/**
 * Runs the lab until it is told to stop.
 * @returns exit status: 0 after help or a clean stop, 1 when it could not start, 2 for wrong arguments
 */
export async function runLabCli(argv: readonly string[], io: LabIo): Promise<number> {
  let asked: ReturnType<typeof readArguments>
  try {
    asked = readArguments(argv)
  } catch (error) {
    io.stderr(`${error instanceof Error ? error.message : String(error)}\nTry --help.\n`)
    return 2
  }
  if (asked === 'help') {
    io.stdout(LAB_HELP)
    return 0
  }
  // Heard from the start, so that a Ctrl-C while the lab starts stops it too.
  const stopped = stopRequest(io.signal)
  let lab: Lab
  try {
    lab = await createLab(asked.options)
  } catch (error) {
    io.stderr(`The lab could not start: ${error instanceof Error ? error.message : String(error)}\n`)
    return 1
  }
  for (const line of lab.lines) io.stdout(`${JSON.stringify(line)}\n`)
  if (!asked.quiet) io.stderr(`${lab.routers.size} routers are running; Ctrl-C stops them.\n`)
  await stopped
  await lab.stop()
  return 0
}

function readArguments(argv: readonly string[]): 'help' | { options: LabOptions; quiet: boolean } {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      routers: { type: 'string' },
      family: { type: 'string', multiple: true },
      protocol: { type: 'string' },
      'base-port': { type: 'string' },
      user: { type: 'string' },
      password: { type: 'string' },
      'operation-ms': { type: 'string' },
      'reload-ms': { type: 'string' },
      'reload-delay-ms': { type: 'string' },
      'settle-ms': { type: 'string' },
      seed: { type: 'string' },
      'data-dir': { type: 'string' },
      'jump-host': { type: 'boolean' },
      ftp: { type: 'boolean' },
      banner: { type: 'string' },
      'nasty-banner': { type: 'boolean' },
      'admin-login': { type: 'boolean' },
      'keep-transcript': { type: 'boolean' },
      quiet: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values.help === true) return 'help'
  const banner = values['nasty-banner'] === true ? NASTY_BANNER : values.banner
  const options = {
    ...optional('routers', wholeNumber('--routers', values.routers, 1, MAX_ROUTERS)),
    ...optional('families', values.family?.map(familyOf)),
    ...optional('protocol', protocolOf(values.protocol)),
    ...optional('basePort', wholeNumber('--base-port', values['base-port'], 1, 65_535)),
    ...optional('user', values.user),
    ...optional('password', values.password),
    ...optional('seed', values.seed),
    ...optional('dataDir', values['data-dir']),
    ...optional('jumpHost', values['jump-host']),
    ...optional('ftp', values.ftp),
    ...optional('banner', banner),
    ...optional('adminLogin', values['admin-login']),
    ...optional('keepTranscript', values['keep-transcript']),
    timing: {
      operationMs: milliseconds('--operation-ms', values['operation-ms']) ?? SLOW_ENOUGH_TO_WATCH.operationMs,
      reloadMs: milliseconds('--reload-ms', values['reload-ms']) ?? SLOW_ENOUGH_TO_WATCH.reloadMs,
      reloadDelayMs:
        milliseconds('--reload-delay-ms', values['reload-delay-ms']) ?? SLOW_ENOUGH_TO_WATCH.reloadDelayMs,
      settleMs: milliseconds('--settle-ms', values['settle-ms']) ?? SLOW_ENOUGH_TO_WATCH.settleMs,
    },
  }
  return { options, quiet: values.quiet === true }
}

/** A property that is left out when it has no value. */
function optional<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]?: V })
}

function wholeNumber(
  name: string,
  text: string | undefined,
  least: number,
  most: number,
): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < least || value > most) {
    throw simError('SIM_OPTION_INVALID', `${name} takes a whole number from ${least} to ${most}`)
  }
  return value
}

function milliseconds(name: string, text: string | undefined): number | undefined {
  return wholeNumber(name, text, 0, 86_400_000)
}

function familyOf(text: string): Family {
  const family = FAMILIES.find((each) => each === text)
  if (family === undefined) throw simError('SIM_OPTION_INVALID', `--family takes ${FAMILIES.join(', ')}`)
  return family
}

function protocolOf(text: string | undefined): 'telnet' | 'ssh' | undefined {
  if (text === undefined || text === 'telnet' || text === 'ssh') return text
  throw simError('SIM_OPTION_INVALID', '--protocol takes telnet or ssh')
}

/** Resolves when the lab shall end. */
function stopRequest(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) resolve()
    else if (signal !== undefined) signal.addEventListener('abort', () => resolve(), { once: true })
    else for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => resolve())
  })
}
