// One connection to a jump host and the channels in it.
import { Duplex } from 'node:stream'
import type { ClientChannel } from 'ssh2'
import { hasDeviceCode } from '../device-error.ts'
import type { Hop } from '../device-target.ts'
import type { SshConnection } from '../transport/ssh-client.ts'
import type { OpenLimits } from '../transport/transport.ts'
import { within } from '../transport/within.ts'
import { forwardError, lostError, silentError } from './jump-host.ts'

/** Told to the jump host as the origin of a channel; ours has none worth telling. */
const ORIGIN = { address: '127.0.0.1', port: 0 } as const

/** A connection to a jump host that is logged in. */
export interface JumpLink {
  readonly alive: () => boolean
  /** Channels that are open. */
  readonly channels: () => number
  /** Opens a channel to an address. Throws DEVICE_UNREACHABLE, DEVICE_CONNECTION_REFUSED, DEVICE_ABORTED, JUMP_HOST_…. */
  open: (device: Hop, limits: OpenLimits) => Promise<Duplex>
  /** Ends the connection and all channels. */
  close: () => void
}

/** Makes a link of a connection; `lost` is called once when it is gone, however. */
export function createJumpLink(jump: Hop, connection: SshConnection, lost: () => void): JumpLink {
  const { client } = connection
  const streams = new Set<Duplex>()
  let alive = true
  const gone = (cause?: Error) => {
    if (!alive) return
    alive = false
    for (const stream of streams) stream.destroy(lostError(jump, cause))
    connection.destroy()
    lost()
  }
  client.on('error', gone)
  client.on('close', () => gone())

  return {
    alive: () => alive,
    channels: () => streams.size,
    async open(device, limits) {
      if (!alive) throw lostError(jump)
      const stream = await forward(jump, connection, device, limits)
      streams.add(stream)
      stream.once('close', () => streams.delete(stream))
      if (!alive) stream.destroy(lostError(jump))
      return stream
    },
    close() {
      alive = false
      client.end()
      connection.destroy()
      for (const stream of streams) stream.destroy()
    },
  }
}

async function forward(
  jump: Hop,
  { client }: SshConnection,
  device: Hop,
  limits: OpenLimits,
): Promise<Duplex> {
  let late = false
  const opening = within<Duplex>(device, limits, (settle) => {
    const opened = (error: Error | undefined, channel?: ClientChannel) => {
      if (late) channel?.close()
      else if (channel === undefined)
        settle({ error: forwardError(jump, device, error ?? new Error('no channel')) })
      else settle({ value: streamOf(channel) })
    }
    try {
      client.forwardOut(ORIGIN.address, ORIGIN.port, device.address, device.port, opened)
    } catch (error) {
      opened(error instanceof Error ? error : new Error(String(error)))
    }
  })
  try {
    return await opening
  } catch (error) {
    late = true
    throw hasDeviceCode(error, 'DEVICE_TIMEOUT') ? silentError(jump, device, limits.timeoutMs) : error
  }
}

/** ssh2's channels neither close when they are destroyed nor carry errors; this does, as a socket would. */
function streamOf(channel: ClientChannel): Duplex {
  const stream = new Duplex({
    allowHalfOpen: false,
    read: () => channel.resume(),
    write(chunk: Buffer, _encoding, done) {
      // Handed on in the same turn: a caller's fence relies on it.
      if (channel.write(chunk)) done()
      else channel.once('drain', () => done())
    },
    final(done) {
      channel.end()
      done()
    },
    destroy(error, done) {
      channel.close()
      // What still comes is taken and dropped, or the channel would never end.
      channel.removeAllListeners('data').resume()
      done(error)
    },
  })
  channel.on('data', (chunk: Buffer) => {
    if (!stream.push(chunk)) channel.pause()
  })
  channel.on('end', () => stream.push(null))
  channel.on('error', (error: Error) => stream.destroy(error))
  channel.on('close', () => stream.destroy())
  // Until its user listens.
  stream.on('error', () => {})
  return stream
}
