// A shell on an SSH connection.
import type { Client, ClientChannel } from 'ssh2'
import { type DeviceError, deviceError } from '../device-error.ts'
import type { Hop } from '../device-target.ts'
import type { Handshakes } from './handshakes.ts'
import { openSshClient } from './ssh-client.ts'
import { socketError } from './tcp-dial.ts'
import { type Dial, type OpenLimits, type Terminal, WINDOW } from './transport.ts'
import { type Settle, within } from './within.ts'

/** What automation has always sent as Enter in an SSH session; a CR LF would count twice. */
const SSH_NEWLINE = '\n'

/** Opens an SSH terminal, logged in. */
export async function openSsh(
  hop: Hop,
  deps: { dial: Dial; handshakes: Handshakes },
  limits: OpenLimits,
): Promise<Terminal> {
  const { client, destroy } = await openSshClient(hop, deps, limits)
  try {
    const stream = await within<ClientChannel>(hop, limits, (settle) => openShell(client, hop, settle))
    // A channel has no error of its own when its connection breaks: it gets the connection's.
    stream.on('error', () => {})
    client.on('error', (error) => {
      stream.emit('error', error)
      stream.destroy()
    })
    client.on('close', () => stream.destroy())
    return { stream, newline: SSH_NEWLINE, authenticated: true, end: () => client.end(), destroy }
  } catch (error) {
    destroy()
    throw error
  }
}

function openShell(client: Client, hop: Hop, settle: Settle<ClientChannel>): void {
  const window = { term: WINDOW.terminal, cols: WINDOW.columns, rows: WINDOW.rows }
  const lost = () => settle({ error: socketError(hop, new Error('the connection was closed')) })
  client.once('close', lost)
  try {
    client.shell(window, (error, stream) => {
      client.off('close', lost)
      settle(error === undefined ? { value: stream } : { error: shellError(hop, error) })
    })
  } catch {
    lost()
  }
}

function shellError(hop: Hop, error: Error): DeviceError {
  return deviceError('DEVICE_DISCONNECTED', `${hop.address} opened no terminal: ${error.message}`, {
    address: hop.address,
    port: hop.port,
    cause: error,
  })
}
