/** Clients of the tests: raw Telnet sockets and SSH channels that wait for texts instead of sleeping. */
import { connect } from 'node:net'
import { Client, type ClientChannel } from 'ssh2'

/** A conversation with a router. */
export interface Conversation {
  readonly send: (text: string) => void
  /** Waits for a text and takes everything up to its end. */
  readonly expect: (pattern: RegExp) => Promise<string>
  /** Sends a command and takes its output up to the next prompt, without echo and prompt. */
  readonly run: (command: string, prompt?: RegExp) => Promise<string>
  /** What has arrived and was not taken. */
  readonly rest: () => string
  /** Resolves when the router has ended the session. */
  readonly closed: Promise<void>
  readonly end: () => void
}

/** Prompt of the XR plane after a newline. */
export const EXEC = /\nRP\/\d\/RS?P\d\/CPU0:[\w.-]+(?:\(admin\))?#/
/** Prompt of the sysadmin plane after a newline. */
export const SYSADMIN = /\nsysadmin-vm:\d_RS?P\d# /

const PATIENCE_MS = 10_000

interface Line {
  readonly write: (text: string) => void
  readonly end: () => void
  readonly closed: Promise<void>
}

function converse(line: Line) {
  let buffer = ''
  let check: () => void = () => undefined
  const expect = (pattern: RegExp) =>
    new Promise<string>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`no ${pattern} in ${JSON.stringify(buffer)}`)),
        PATIENCE_MS,
      )
      check = () => {
        const match = pattern.exec(buffer)
        if (match === null) return
        clearTimeout(timer)
        check = () => undefined
        const end = match.index + match[0].length
        const taken = buffer.slice(0, end)
        buffer = buffer.slice(end)
        resolve(taken)
      }
      check()
    })
  const conversation: Conversation = {
    send: line.write,
    expect,
    async run(command, prompt = EXEC) {
      line.write(`${command}\r`)
      const text = (await expect(prompt)).replace(prompt, '')
      // What the router said by itself before the echo is not output of the command.
      const echo = text.indexOf('\n', Math.max(0, text.indexOf(command)))
      return echo < 0 ? '' : text.slice(echo + 1)
    },
    rest: () => buffer,
    closed: line.closed,
    end: line.end,
  }
  return {
    conversation,
    received(text: string) {
      buffer += text.replaceAll('\r\n', '\n')
      check()
    },
  }
}

/** Where a router listens. */
export interface Target {
  readonly port: number
}

/** A Telnet connection before log-in; option bytes are kept in the text as they come. */
export function telnet({ port }: Target): Conversation {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  const { conversation, received } = converse({
    write: (text) => socket.write(text, 'latin1'),
    end: () => socket.destroy(),
    closed,
  })
  socket.on('error', () => undefined)
  socket.on('data', (bytes) => received(bytes.toString('latin1')))
  return conversation
}

/** A logged-in Telnet session. */
export async function telnetIn(target: Target, user = 'root', password = 'lab'): Promise<Conversation> {
  const session = telnet(target)
  await session.expect(/Username: /)
  session.send(`${user}\r`)
  await session.expect(/Password: /)
  session.send(`${password}\r`)
  await session.expect(EXEC)
  return session
}

/** True when nobody listens. */
export function refuses({ port }: Target): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(false)
    })
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ECONNREFUSED'))
  })
}

/** How an SSH client logs in. */
export interface SshWish {
  readonly user?: string
  readonly password?: string
  readonly keyboard?: boolean
  readonly pty?: false | { readonly rows: number; readonly cols: number }
}

/** An SSH shell; rejects when log-in fails. */
export async function ssh({ port }: Target, wish: SshWish = {}): Promise<Conversation> {
  const { client, channel } = await shellOf(port, wish)
  const closed = new Promise<void>((resolve) => client.once('close', () => resolve()))
  const { conversation, received } = converse({
    write: (text) => channel.write(Buffer.from(text, 'latin1')),
    end: () => client.destroy(),
    closed,
  })
  channel.on('data', (bytes: Buffer) => received(bytes.toString('latin1')))
  return conversation
}

/** An SSH session that has shown its first prompt. */
export async function sshIn(target: Target, wish: SshWish = {}): Promise<Conversation> {
  const session = await ssh(target, wish)
  await session.expect(EXEC)
  return session
}

/** Output of one command sent as an SSH exec request. */
export async function sshExec({ port }: Target, command: string): Promise<string> {
  const client = await connected(port, {})
  const output = await new Promise<string>((resolve, reject) => {
    client.exec(command, (error, channel) => {
      if (error !== undefined) return reject(error)
      let text = ''
      channel.on('data', (bytes: Buffer) => {
        text += bytes.toString('latin1')
      })
      channel.on('close', () => resolve(text))
    })
  })
  client.destroy()
  return output
}

function connected(port: number, wish: SshWish): Promise<Client> {
  const client = new Client()
  const password = wish.password ?? 'lab'
  const sock = connect({ host: '127.0.0.1', port, noDelay: true })
  return new Promise((resolve, reject) => {
    client.once('ready', () => resolve(client))
    client.on('error', reject)
    client.on('keyboard-interactive', (_name, _instructions, _lang, _prompts, finish) => finish([password]))
    client.connect({
      sock,
      username: wish.user ?? 'root',
      ...(wish.keyboard === true ? { tryKeyboard: true } : { password }),
    })
  })
}

async function shellOf(port: number, wish: SshWish): Promise<{ client: Client; channel: ClientChannel }> {
  const client = await connected(port, wish)
  const pty = wish.pty ?? { rows: 512, cols: 240 }
  const channel = await new Promise<ClientChannel>((resolve, reject) => {
    client.shell(pty === false ? false : { ...pty, term: 'vt220' }, (error, opened) =>
      error === undefined ? resolve(opened) : reject(error),
    )
  })
  return { client, channel }
}
