import { Duplex } from 'node:stream'
import { destroyQuietly } from './tcp-dial.ts'
import { createTelnetDecoder, escapeTelnet } from './telnet-options.ts'
import type { OpenTerminal } from './transport.ts'

/** Telnet spells Enter CR LF (RFC 854). */
const TELNET_NEWLINE = '\r\n'

/** Opens a Telnet terminal. Logging in is the dialogue's work. */
export const openTelnet: OpenTerminal = async (hop, dial, limits) => {
  const raw = await dial(hop, limits)
  const stream = telnetStream(raw)
  return {
    stream,
    newline: TELNET_NEWLINE,
    authenticated: false,
    end: () => stream.end(),
    destroy: () => destroyQuietly(raw),
  }
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
