/**
 * The server's side of one FTP control connection (RFC 959, 2428, 3659): what is needed to look around and to read
 * files in passive mode. Everything that writes, and active mode, is not there.
 */
import type { Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { createDataDoor } from './ftp-data.ts'
import { changeDirectory, type FtpFiles, factsOf, list, retrieve } from './ftp-files.ts'

/** What a session needs. */
export type FtpDeps = Pick<FtpFiles, 'root' | 'downloaded'> & {
  readonly decide: (user: string, password: string) => boolean
}

interface Session extends FtpFiles, FtpDeps {
  readonly socket: Socket
  user: string
  loggedIn: boolean
}

type Command = (session: Session, argument: string) => void | Promise<void>

/** Serves a connection. */
export function serveFtp(socket: Socket, deps: FtpDeps): void {
  const session: Session = {
    ...deps,
    socket,
    door: createDataDoor(socket),
    say: (code, text) => void (socket.writable && socket.write(`${code} ${text}\r\n`)),
    user: '',
    loggedIn: false,
    directory: '/',
    offset: 0,
  }
  session.say(220, 'Slipway lab FTP server')
  // One command at a time, in their order.
  let turn = Promise.resolve()
  const lines = createInterface({ input: socket })
  lines.on('line', (line) => {
    turn = turn.then(() => obey(session, line)).catch(() => session.say(550, 'Failed.'))
  })
  // An error of the socket arrives here, too; the socket closes by itself.
  lines.on('error', () => undefined)
  socket.once('close', () => {
    session.door.close()
    lines.close()
  })
}

async function obey(session: Session, line: string): Promise<void> {
  const [, word = '', argument = ''] = /^\s*([A-Za-z]+)(?: (.*))?$/s.exec(line) ?? []
  const name = word.toUpperCase()
  const command = ANYBODY[name] ?? (session.loggedIn ? USERS[name] : undefined)
  if (command !== undefined) await command(session, argument)
  else if (USERS[name] !== undefined) session.say(530, 'Please login with USER and PASS.')
  else session.say(502, 'Command not implemented.')
}

/** Commands before the log-in. */
const ANYBODY: Readonly<Record<string, Command>> = {
  USER(session, user) {
    Object.assign(session, { user, loggedIn: false })
    session.say(331, 'Please specify the password.')
  },
  PASS(session, password) {
    session.loggedIn = session.decide(session.user, password)
    if (session.loggedIn) session.say(230, 'Login successful.')
    else session.say(530, 'Login incorrect.')
  },
  SYST: ({ say }) => say(215, 'UNIX Type: L8'),
  NOOP: ({ say }) => say(200, 'NOOP ok.'),
  FEAT({ socket, say }) {
    socket.write('211-Features:\r\n EPSV\r\n MDTM\r\n PASV\r\n REST STREAM\r\n SIZE\r\n UTF8\r\n')
    say(211, 'End')
  },
  OPTS: ({ say }, option) =>
    /^utf8 on$/i.test(option) ? say(200, 'Always in UTF8 mode.') : say(501, 'Option not understood.'),
  QUIT({ socket, say }) {
    say(221, 'Goodbye.')
    socket.end()
  },
}

/** Commands after it. */
const USERS: Readonly<Record<string, Command>> = {
  TYPE: ({ say }, type) =>
    /^[AI]\b/i.test(type) ? say(200, 'Switching to Binary mode.') : say(504, 'Bad TYPE command.'),
  MODE: ({ say }, mode) => (/^S$/i.test(mode) ? say(200, 'Mode set to S.') : say(504, 'Bad MODE command.')),
  STRU: ({ say }, form) =>
    /^F$/i.test(form) ? say(200, 'Structure set to F.') : say(504, 'Bad STRU command.'),
  PWD: ({ say, directory }) => say(257, `"${directory.replaceAll('"', '""')}" is the current directory`),
  CWD: changeDirectory,
  CDUP: (session) => changeDirectory(session, '..'),
  async SIZE(session, path) {
    const facts = await factsOf(session, path)
    if (facts?.isFile()) session.say(213, String(facts.size))
    else session.say(550, 'Could not get file size.')
  },
  async MDTM(session, path) {
    const facts = await factsOf(session, path)
    if (facts?.isFile()) session.say(213, facts.mtime.toISOString().replace(/[-:T]|\..*/g, ''))
    else session.say(550, 'Could not get file modification time.')
  },
  async PASV({ say, door, socket }) {
    const port = await door.open()
    const address = (socket.localAddress ?? '').replace(/^::ffff:/, '')
    if (!/^[\d.]+$/.test(address)) return say(522, 'Use EPSV.')
    const numbers = [...address.split('.'), Math.floor(port / 256), port % 256].join(',')
    return say(227, `Entering Passive Mode (${numbers}).`)
  },
  async EPSV({ say, door }, argument) {
    if (/^ALL$/i.test(argument)) return say(200, 'EPSV ALL ok.')
    return say(229, `Entering Extended Passive Mode (|||${await door.open()}|)`)
  },
  REST(session, argument) {
    if (!/^\d{1,15}$/.test(argument)) return session.say(501, 'Bad restart position.')
    session.offset = Number(argument)
    return session.say(350, `Restart position accepted (${argument}).`)
  },
  ABOR: ({ say }) => say(226, 'No transfer to abort.'),
  LIST: (session, argument) => list(session, argument, true),
  NLST: (session, argument) => list(session, argument, false),
  RETR: retrieve,
}
