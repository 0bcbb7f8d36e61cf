// A tiny router of real sockets for tests: a script says what it answers, nothing more.
import { generateKeyPairSync } from 'node:crypto'
import { createServer, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import ssh2, { type Algorithms, type AuthContext, type Connection } from 'ssh2'

/** The device's end of a terminal. */
export interface DeviceEnd {
  send: (text: string) => void
  /** Next line the client sends (without line end). Control characters come as lines of their own. */
  readLine: () => Promise<string>
  /** Everything the client has sent. */
  readonly received: string
  hangUp: () => void
}

export type Script = (device: DeviceEnd) => Promise<void>

export interface ScriptedDevice {
  port: number
  /** How many connections were accepted. */
  readonly connections: number
  close: () => Promise<void>
}

/** A Telnet server that offers options like a router and runs the script on each connection. */
export async function telnetDevice(
  script: Script,
  offers = [255, 251, 1, 255, 251, 3],
): Promise<ScriptedDevice> {
  const sockets = new Set<Socket>()
  let connections = 0
  const server = createServer((socket) => {
    connections += 1
    sockets.add(socket)
    socket.setNoDelay(true)
    socket.on('close', () => sockets.delete(socket)).on('error', () => {})
    if (offers.length > 0) socket.write(Buffer.from(offers))
    void script(deviceEnd(socket, true)).catch(() => socket.destroy())
  })
  return listen(
    server,
    () => connections,
    () => {
      for (const socket of sockets) socket.destroy()
    },
  )
}

export interface SshScript {
  script: Script
  authenticate?: (context: AuthContext) => void
  algorithms?: Algorithms
}

const { privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  publicKeyEncoding: { type: 'pkcs1', format: 'pem' },
})

/** An SSH server that runs the script in each shell. */
export async function sshDevice({ script, authenticate, algorithms }: SshScript): Promise<ScriptedDevice> {
  const clients = new Set<Connection>()
  let connections = 0
  const config = { hostKeys: [privateKey], ...(algorithms === undefined ? {} : { algorithms }) }
  const server = new ssh2.Server(config, (client) => {
    connections += 1
    clients.add(client)
    // ssh2 has it, its types do not.
    const quick: Connection & { setNoDelay?(noDelay: boolean): void } = client
    quick.setNoDelay?.(true)
    client.on('close', () => clients.delete(client)).on('error', () => {})
    client.on('authentication', authenticate ?? acceptPassword('lab', 'lab-secret'))
    client.on('session', (accept) => {
      const session = accept()
      session.on('pty', (acceptPty) => acceptPty())
      session.on('shell', (acceptShell) => {
        const shell = acceptShell()
        shell.on('close', () => client.end())
        void script(deviceEnd(shell, false)).catch(() => client.end())
      })
    })
  })
  return listen(
    server,
    () => connections,
    () => {
      for (const client of clients) client.end()
    },
  )
}

/** Accepts exactly these credentials by method password. */
export function acceptPassword(username: string, password: string): (context: AuthContext) => void {
  return (context) => {
    if (context.method === 'password' && context.username === username && context.password === password)
      context.accept()
    else context.reject(['password'])
  }
}

/** Commands with their outputs, answered as a router does: echo, output, prompt. */
export function commandLoop(prompt: string, answers: Record<string, string>): Script {
  return async (device) => {
    device.send(prompt)
    for (;;) {
      const line = await device.readLine()
      const output = answers[line] ?? ''
      device.send(`${line}\r\n${output}${output === '' || output.endsWith('\n') ? '' : '\r\n'}${prompt}`)
    }
  }
}

interface Listener {
  listen: (port: number, host: string, done: () => void) => unknown
  address: () => unknown
  close: (done: () => void) => unknown
}

function listen(server: Listener, connections: () => number, drop: () => void): Promise<ScriptedDevice> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      resolve({
        port,
        get connections() {
          return connections()
        },
        close: () =>
          new Promise((closed) => {
            server.close(() => closed())
            drop()
          }),
      })
    })
  })
}

function deviceEnd(stream: Duplex, telnet: boolean): DeviceEnd {
  let received = ''
  let pending = ''
  let wake: () => void = () => {}
  let ended = false
  const end = () => {
    ended = true
    wake()
  }
  stream.on('close', end).on('error', () => {})
  stream.on('data', (bytes: Buffer) => {
    const text = telnet ? withoutTelnet(bytes) : bytes.toString('latin1')
    received += text
    pending += text
    wake()
  })
  return {
    send: (text) => {
      if (!ended) stream.write(Buffer.from(text, 'utf8'))
    },
    get received() {
      return received
    },
    hangUp: () => stream.destroy(),
    async readLine() {
      for (;;) {
        const match = /^(?:([\x03\x04q ])(?![\r\n])|([^\r\n]*)(?:\r\n|\r\x00|\n|\r))/.exec(pending)
        const control = match?.[1]
        if (match !== null) {
          const isKey = control !== undefined && match[0].length === 1
          pending = pending.slice(isKey ? 1 : match[0].length)
          return control ?? match[2] ?? ''
        }
        if (ended) throw new Error('the client has gone')
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    },
  }
}

/** Option answers end in three bytes, the subnegotiations in IAC SE. */
function withoutTelnet(bytes: Buffer): string {
  return bytes
    .toString('latin1')
    .replace(/\xff\xfa[^\xff]*\xff\xf0/g, '')
    .replace(/\xff[\xfb-\xfe]./gs, '')
    .replaceAll('\xff\xff', '\xff')
}
