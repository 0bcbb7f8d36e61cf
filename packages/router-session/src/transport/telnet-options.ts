// The client half of Telnet (RFC 854, 855): takes commands out of the stream and answers option offers.
// Echo and suppress-go-ahead are agreed to because some servers fall silent, and others echo twice, when a
// client refuses everything. An answer is sent only when it changes something (RFC 1143), so no loops.
import { WINDOW } from './transport.ts'

const IAC = 255
const DONT = 254
const DO = 253
const WONT = 252
const WILL = 251
const SB = 250
const SE = 240

const ECHO = 1
const SUPPRESS_GO_AHEAD = 3
const TERMINAL_TYPE = 24
const WINDOW_SIZE = 31

const TERMINAL_TYPE_IS = 0
const TERMINAL_TYPE_SEND = 1

/** A subnegotiation longer than this is not one of ours; its surplus is dropped. */
const MAX_SUBNEGOTIATION = 1024

/** Options we let the server do. */
const WANTED_FROM_SERVER = new Set([ECHO, SUPPRESS_GO_AHEAD])
/** Options we are willing to do. */
const OFFERED_BY_US = new Set([SUPPRESS_GO_AHEAD, TERMINAL_TYPE, WINDOW_SIZE])

/** IAC NOP: does nothing and is not answered (RFC 854). */
export const NO_OPERATION: Buffer = Buffer.from([IAC, 241])

/** What a piece of the stream came to. */
export interface TelnetInput {
  /** Terminal bytes. */
  data: Buffer
  /** Bytes to send back. */
  reply: Buffer
}

/** Takes pieces of the stream as they come; a command may be split anywhere. */
export interface TelnetDecoder {
  push: (chunk: Buffer) => TelnetInput
}

type State = 'data' | 'cr' | 'command' | 'option' | 'sub' | 'sub-command'

/** Makes the decoder of one connection. */
export function createTelnetDecoder(): TelnetDecoder {
  let state: State = 'data'
  let verb = 0
  let sub: number[] = []
  const options = createOptionTable()

  function step(byte: number, data: number[], reply: number[]): void {
    if (state === 'data' || state === 'cr') onData(byte, data)
    else if (state === 'command') onCommand(byte, data)
    else if (state === 'option') {
      state = 'data'
      reply.push(...options.negotiate(verb, byte))
    } else onSubnegotiation(byte, reply)
  }

  function onData(byte: number, data: number[]): void {
    const afterCr = state === 'cr'
    state = byte === IAC ? 'command' : byte === 13 ? 'cr' : 'data'
    // CR NUL is how Telnet spells a bare carriage return.
    if (byte !== IAC && !(afterCr && byte === 0)) data.push(byte)
  }

  function onCommand(byte: number, data: number[]): void {
    verb = byte
    if (byte === IAC) data.push(IAC)
    if (byte === SB) sub = []
    state = byte === SB ? 'sub' : byte >= WILL && byte <= DONT ? 'option' : 'data'
  }

  function onSubnegotiation(byte: number, reply: number[]): void {
    if (state === 'sub' && byte === IAC) {
      state = 'sub-command'
      return
    }
    if (state === 'sub-command' && byte === SE) {
      state = 'data'
      reply.push(...answerSubnegotiation(sub))
      return
    }
    state = 'sub'
    if (sub.length < MAX_SUBNEGOTIATION) sub.push(byte)
  }

  return {
    push(chunk) {
      // Nearly every chunk is plain text: no command, no CR NUL to look at.
      if (state === 'data' && !chunk.includes(IAC) && !chunk.includes(0)) {
        if (chunk.at(-1) === 13) state = 'cr'
        return { data: chunk, reply: Buffer.alloc(0) }
      }
      const data: number[] = []
      const reply: number[] = []
      for (const byte of chunk) step(byte, data, reply)
      return { data: Buffer.from(data), reply: Buffer.from(reply) }
    },
  }
}

/** Doubles IAC in bytes to send. */
export function escapeTelnet(bytes: Buffer): Buffer {
  if (!bytes.includes(IAC)) return bytes
  return Buffer.from([...bytes].flatMap((byte) => (byte === IAC ? [IAC, IAC] : [byte])))
}

function createOptionTable(): { negotiate: (verb: number, option: number) => number[] } {
  const server = new Set<number>()
  const client = new Set<number>()

  function answer(
    on: boolean,
    agreed: Set<number>,
    wanted: Set<number>,
    yes: number,
    no: number,
    option: number,
  ) {
    if (on && agreed.has(option)) return []
    if (!on && !agreed.has(option)) return []
    if (on && !wanted.has(option)) return [IAC, no, option]
    if (on) agreed.add(option)
    else agreed.delete(option)
    return [IAC, on ? yes : no, option]
  }

  return {
    negotiate(verb, option) {
      if (verb === WILL || verb === WONT)
        return answer(verb === WILL, server, WANTED_FROM_SERVER, DO, DONT, option)
      const reply = answer(verb === DO, client, OFFERED_BY_US, WILL, WONT, option)
      const windowAgreed = option === WINDOW_SIZE && verb === DO && reply[1] === WILL
      return windowAgreed ? [...reply, ...windowSize()] : reply
    },
  }
}

function answerSubnegotiation(sub: readonly number[]): number[] {
  if (sub[0] !== TERMINAL_TYPE || sub[1] !== TERMINAL_TYPE_SEND) return []
  return [IAC, SB, TERMINAL_TYPE, TERMINAL_TYPE_IS, ...Buffer.from(WINDOW.terminal), IAC, SE]
}

function windowSize(): number[] {
  const { columns, rows } = WINDOW
  const size = [columns >> 8, columns & 255, rows >> 8, rows & 255]
  return [IAC, SB, WINDOW_SIZE, ...escapeTelnet(Buffer.from(size)), IAC, SE]
}
