/** What FTP commands do with directories and files below the root of a repository. */
import { createReadStream, type Stats } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { basename, join, posix } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { inside } from './file-root.ts'
import type { DataDoor } from './ftp-data.ts'

/** The part of a session that has to do with files. */
export interface FtpFiles {
  readonly root: string
  readonly door: DataDoor
  /** Sends a reply. */
  readonly say: (code: number, text: string) => void
  /** Is told each file that was sent to its end. */
  readonly downloaded: (path: string) => void
  /** The current directory, as the client knows it. */
  directory: string
  /** Where the next transfer begins. */
  offset: number
}

/** What a client's path names; undefined if there is nothing. */
export async function factsOf({ root, directory }: FtpFiles, path: string): Promise<Stats | undefined> {
  try {
    return await stat(await inside(root, posix.resolve(directory, path)))
  } catch {
    return undefined
  }
}

/** `CWD`, `CDUP` */
export async function changeDirectory(session: FtpFiles, path: string): Promise<void> {
  const facts = await factsOf(session, path)
  if (!facts?.isDirectory()) return session.say(550, 'Failed to change directory.')
  session.directory = posix.resolve(session.directory, path)
  return session.say(250, 'Directory successfully changed.')
}

/** `RETR` */
export async function retrieve(session: FtpFiles, path: string): Promise<void> {
  const start = session.offset
  session.offset = 0
  const facts = await factsOf(session, path)
  if (!facts?.isFile()) return session.say(550, 'Failed to open file.')
  const name = posix.resolve(session.directory, path)
  const file = createReadStream(await inside(session.root, name), { start })
  if (await send(session, `${basename(name)} (${facts.size} bytes)`, file)) session.downloaded(name)
}

/** `LIST`, or `NLST` if not long */
export async function list(session: FtpFiles, argument: string, long: boolean): Promise<void> {
  // `-la` and the like are a habit of clients.
  const path = argument.replace(/^-\S*\s*/, '')
  const facts = await factsOf(session, path)
  if (!facts?.isDirectory()) return session.say(550, 'Failed to list directory.')
  const directory = await inside(session.root, posix.resolve(session.directory, path))
  const names = (await readdir(directory)).sort()
  const lines = long ? await Promise.all(names.map((name) => longLine(directory, name))) : names
  await send(session, 'the directory listing', Readable.from(lines.map((line) => `${line}\r\n`)))
}

async function longLine(directory: string, name: string): Promise<string> {
  const facts = await stat(join(directory, name)).catch(() => undefined)
  const kind = facts?.isDirectory() ? 'dr-xr-xr-x' : '-r--r--r--'
  // `Tue, 24 Nov 2026 08:30:00 GMT`
  const [, day, month, year] = (facts?.mtime ?? new Date(0)).toUTCString().split(' ')
  return `${kind} 1 ftp ftp ${String(facts?.size ?? 0).padStart(12)} ${month} ${day}  ${year} ${name}`
}

/** Sends over the data connection. @returns whether all of it arrived */
async function send({ door, say }: FtpFiles, what: string, content: Readable): Promise<boolean> {
  content.on('error', () => undefined)
  if (!door.isOpen()) {
    content.destroy()
    say(425, 'Use PASV or EPSV first.')
    return false
  }
  say(150, `Opening BINARY mode data connection for ${what}.`)
  const socket = await door.enter()
  try {
    if (socket === undefined) throw new Error('nobody came')
    await pipeline(content, socket)
    say(226, 'Transfer complete.')
    return true
  } catch {
    content.destroy()
    socket?.destroy()
    say(426, 'Failure writing network stream.')
    return false
  }
}
