import { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import type { Hop } from '../device-target.ts'
import { destroyQuietly } from './tcp-dial.ts'
import { createTelnetDecoder, escapeTelnet, NO_OPERATION } from './telnet-options.ts'
import type { Dial, OpenLimits, Terminal } from './transport.ts'

/** Telnet spells Enter CR LF (RFC 854). */
const TELNET_NEWLINE = '\r\n'

/**
 * Behind a jump host our own TCP keepalives end at the jump host, and it need not send any: what is sent through lets
 * it notice that a router has restarted without a word.
 */
const KEEP_ALIVE_MS = 15_000

/** Opens a Telnet terminal. Logging in is the dialogue's work. */
export async function openTelnet(hop: Hop, dial: Dial, limits: OpenLimits): Promise<Terminal> {
  const raw = await dial(hop, limits)
  const stream = telnetStream(raw)
  if (!(raw instanceof Socket)) keepAlive(raw)
  return {
    stream,
    newline: TELNET_NEWLINE,
    authenticated: false,
    end: () => stream.end(),
    destroy: () => destroyQuietly(raw),
  }
}

function keepAlive(raw: Duplex): void {
  const timer = setInterval(() => {
    if (raw.writable && raw.writableLength === 0) raw.write(NO_OPERATION)
  }, KEEP_ALIVE_MS)
  raw.once('close', () => clearInterval(timer))
}

/** The terminal bytes of a raw Telnet stream; option offers are answered on the way. */
export function telnetStream(raw: Duplex): Duplex {
  const decoder = createTelnetDecoder()
  const stream = new Duplex({
    allowHalfOpen: false,
    read: () => raw.resume(),
    write(chunk: Buffer, _encoding, done) {
      // Handed on in the same turn: a caller's fence relies on it.
      if (raw.write(escapeTelnet(chunk))) done()
      else raw.once('drain', () => done())
    },
    final(done) {
      raw.end(() => done())
    },
    destroy(error, done) {
      raw.destroy()
      done(error)
    },
  })
  raw.on('data', (chunk: Buffer) => {
    const { data, reply } = decoder.push(chunk)
    if (reply.length > 0 && raw.writable) raw.write(reply)
    if (data.length > 0 && !stream.push(data)) raw.pause()
  })
  raw.on('error', (error) => stream.destroy(error))
  raw.on('end', () => stream.push(null))
  raw.on('close', () => stream.destroy())
  return stream
}
