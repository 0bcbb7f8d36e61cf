/**
 * The fault script of a router. Faults fire on what the router receives: connections, log-ins or commands; each
 * fires always, on its nth occasion only, or a number of times.
 */
import { simError } from './sim-error.ts'

/** What can go wrong. */
export const FAULT_KINDS = {
  /** Log-ins are refused although the password is right. */
  wrongPassword: 'wrong-password',
  /** The port refuses connections while the fault is set. */
  refuse: 'refuse',
  /** Connections are accepted and then nothing is said. */
  mute: 'mute',
  /** The session is cut when a matching command arrives; `after: "output"` cuts after it was carried out. */
  drop: 'drop',
  /** A matching command never returns; the session stays open and silent. */
  hang: 'hang',
  /** Random bytes come before the output of a matching command. */
  garbage: 'garbage',
  /** Output of a matching command comes `delayMs` late. */
  slow: 'slow',
  /** A matching command is answered with `text` (default: not authorized) and not carried out. */
  reject: 'reject',
  /** A matching install operation starts and then fails on the device, with `text` as its words. */
  abort: 'abort',
  /** A matching add finds too little disk space. */
  diskFull: 'disk-full',
  /** A matching install command finds another operation in progress. */
  busy: 'busy',
  /** After the next reload the router stays down until its faults are cleared. */
  stayDown: 'stay-down',
  /** `show configuration failed startup` shows lost configuration. */
  failedStartup: 'failed-startup',
} as const

/** Name of a fault. */
export type FaultKind = (typeof FAULT_KINDS)[keyof typeof FAULT_KINDS]

/** One fault as it is asked for. */
export interface Fault {
  readonly kind: FaultKind
  /** Regular expression on the command, case-insensitive; without it every command matches. */
  readonly match?: string
  /** Fire only on the nth matching occasion, counted from 1. */
  readonly nth?: number
  /** Fire at most this often. */
  readonly times?: number
  readonly delayMs?: number
  readonly text?: string
  readonly after?: 'newline' | 'output'
}

/** The faults of one router. */
export interface FaultScript {
  /** Replaces all faults. @throws SIM_FAULT_INVALID */
  readonly set: (faults: readonly Fault[]) => void
  readonly list: () => readonly (Fault & { readonly seen: number; readonly fired: number })[]
  /** True when a fault of this kind is set, without counting an occasion. */
  readonly has: (kind: FaultKind) => boolean
  /** An occasion for a fault of this kind: the fault that fires, if one does. */
  readonly take: (kind: FaultKind, command?: string) => Fault | undefined
}

interface Armed {
  readonly fault: Fault
  readonly pattern: RegExp | undefined
  seen: number
  fired: number
}

/** Makes a fault script. */
export function createFaultScript(initial: readonly Fault[] = []): FaultScript {
  let armed = initial.map(arm)
  return {
    set(faults) {
      armed = faults.map(arm)
    },
    list: () => armed.map(({ fault, seen, fired }) => ({ ...fault, seen, fired })),
    has: (kind) => armed.some(({ fault }) => fault.kind === kind),
    take(kind, command = '') {
      const firing = armed.filter((each) => each.fault.kind === kind && occasion(each, command))
      return firing[0]?.fault
    },
  }
}

function occasion(each: Armed, command: string): boolean {
  if (each.pattern !== undefined && !each.pattern.test(command)) return false
  each.seen += 1
  const { nth, times } = each.fault
  if ((nth !== undefined && each.seen !== nth) || (times !== undefined && each.fired >= times)) return false
  each.fired += 1
  return true
}

function arm(fault: Fault): Armed {
  const kinds: readonly string[] = Object.values(FAULT_KINDS)
  if (!kinds.includes(fault.kind)) throw simError('SIM_FAULT_INVALID', `unknown fault kind '${fault.kind}'`)
  for (const number of [fault.nth, fault.times, fault.delayMs]) {
    if (number !== undefined && !(Number.isSafeInteger(number) && number >= 0)) {
      throw simError('SIM_FAULT_INVALID', 'nth, times and delayMs are whole numbers of 0 or more')
    }
  }
  return { fault, pattern: patternOf(fault.match), seen: 0, fired: 0 }
}

function patternOf(match: string | undefined): RegExp | undefined {
  if (match === undefined) return undefined
  try {
    return new RegExp(match, 'i')
  } catch {
    throw simError('SIM_FAULT_INVALID', `match is not a regular expression: ${match}`)
  }
}
