// The seams: a dial gives the byte stream to an address (TCP now; through a jump host: its forwarded
// channel), a transport makes a terminal of that stream (Telnet options or an SSH shell).
import type { Duplex } from 'node:stream'
import type { Hop } from '../device-target.ts'

/** Limits of opening something. */
export interface OpenLimits {
  timeoutMs: number
  signal?: AbortSignal | undefined
}

/** Opens the byte stream to a hop's address and port. Throws DEVICE_UNREACHABLE, DEVICE_CONNECTION_REFUSED, DEVICE_TIMEOUT, DEVICE_ABORTED. */
export type Dial = (hop: Hop, limits: OpenLimits) => Promise<Duplex>

/** A terminal on a device. */
export interface Terminal {
  /** Clean terminal bytes in both directions: no Telnet commands, no SSH packets. */
  stream: Duplex
  /** What Enter is on this transport. */
  newline: string
  /** The transport has already logged the user in (SSH). */
  authenticated: boolean
  /** Ends the connection politely; the stream closes when the other side has agreed. */
  end: () => void
  /** Ends the connection below the stream at once; safe to call often. */
  destroy: () => void
}

/** Makes a terminal of a dialled byte stream. */
export type OpenTerminal = (hop: Hop, dial: Dial, limits: OpenLimits) => Promise<Terminal>

/** The window we tell devices: wide, so that long commands do not wrap; no 0xFF byte in it (Telnet would double it). */
export const WINDOW = { columns: 500, rows: 500, terminal: 'vt220' } as const
