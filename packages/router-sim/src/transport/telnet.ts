/**
 * Server side of Telnet (RFC 854, 855, 857, 858, 1073, 1091): offers to echo and to suppress go-ahead, asks for
 * window size and terminal type, refuses everything else, and takes commands out of the data.
 */
import type { Socket } from 'node:net'
import type { Wire } from '../session/wire.ts'

const IAC = 255
const DONT = 254
const DO = 253
const WONT = 252
const WILL = 251
const SB = 250
const SE = 240
const OPTION = { echo: 1, suppressGoAhead: 3, terminalType: 24, windowSize: 31 } as const
/** A subnegotiation longer than this is cut off. */
const MAX_SUBNEGOTIATION = 256

type Phase = 'data' | 'iac' | 'option' | 'sub' | 'sub-iac'

/** Wraps a connected socket. */
export function telnetWire(socket: Socket): Wire {
  let size: { rows: number; columns: number } | undefined
  const listeners: ((bytes: Buffer) => void)[] = []
  const parser = createTelnetParser({
    reply: (bytes) => void (socket.writable && socket.write(Buffer.from(bytes))),
    windowSize: (columns, rows) => {
      size = { rows, columns }
    },
  })
  socket.on('data', (bytes) => {
    const data = parser(bytes)
    if (data.length > 0) for (const listener of listeners) listener(data)
  })
  // A reset connection ends in `close`, which is what the session listens to.
  socket.on('error', () => socket.destroy())
  socket.write(
    Buffer.from([IAC, WILL, OPTION.echo, IAC, WILL, OPTION.suppressGoAhead, IAC, DO, OPTION.windowSize]),
  )
  socket.write(Buffer.from([IAC, DO, OPTION.terminalType]))
  return {
    // A byte 255 of data is doubled, or it would be taken for a command.
    write: (text) => void (socket.writable && socket.write(text.replaceAll('\xff', '\xff\xff'), 'latin1')),
    close: () => socket.end(),
    destroy: () => socket.destroy(),
    remote: (socket.remoteAddress ?? '').replace(/^::ffff:/, ''),
    service: 'telnet',
    echoes: true,
    size: () => size,
    onData: (listener) => listeners.push(listener),
    onClose: (listener) => void socket.on('close', listener),
  }
}

interface ParserDeps {
  readonly reply: (bytes: readonly number[]) => void
  readonly windowSize: (columns: number, rows: number) => void
}

/** A parser that takes bytes as received and returns those that are data. */
export function createTelnetParser(deps: ParserDeps): (bytes: Buffer) => Buffer {
  let phase: Phase = 'data'
  let verb = 0
  let sub: number[] = []
  const step = (byte: number): number | undefined => {
    switch (phase) {
      case 'data':
        if (byte !== IAC) return byte
        phase = 'iac'
        return undefined
      case 'iac':
        phase = byte === SB ? 'sub' : byte >= WILL && byte <= DONT ? 'option' : 'data'
        verb = byte
        sub = []
        return byte === IAC ? IAC : undefined
      case 'option':
        phase = 'data'
        answer(verb, byte, deps)
        return undefined
      case 'sub':
        if (byte === IAC) phase = 'sub-iac'
        else if (sub.length < MAX_SUBNEGOTIATION) sub.push(byte)
        return undefined
      case 'sub-iac':
        phase = byte === SE ? 'data' : 'sub'
        if (byte === SE) endSubnegotiation(sub, deps)
        else if (byte === IAC) sub.push(IAC)
        return undefined
    }
  }
  return (bytes) => Buffer.from([...bytes].map(step).filter((byte) => byte !== undefined))
}

/** What we offered or asked for needs no answer; everything else is refused. */
function answer(verb: number, option: number, { reply }: ParserDeps): void {
  const ours = option === OPTION.echo || option === OPTION.suppressGoAhead
  const theirs = option === OPTION.windowSize || option === OPTION.terminalType
  if (verb === DO && !ours) reply([IAC, WONT, option])
  if (verb === WILL && option === OPTION.suppressGoAhead) reply([IAC, DO, option])
  else if (verb === WILL && option === OPTION.terminalType) reply([IAC, SB, option, 1, IAC, SE])
  else if (verb === WILL && !theirs) reply([IAC, DONT, option])
}

function endSubnegotiation(sub: readonly number[], { windowSize }: ParserDeps): void {
  const [option, widthHigh = 0, widthLow = 0, heightHigh = 0, heightLow = 0] = sub
  if (option === OPTION.windowSize && sub.length === 5) {
    windowSize(widthHigh * 256 + widthLow, heightHigh * 256 + heightLow)
  }
}
