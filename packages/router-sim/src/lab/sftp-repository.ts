/**
 * A read-only SFTP server over one directory, for one user. It counts logins and downloads, and nothing outside
 * its root can be named: paths are resolved below the root, links that lead out are refused.
 */
import { type FileHandle, open, readdir, realpath, stat } from 'node:fs/promises'
import { join, posix, sep } from 'node:path'
import ssh2, { type Attributes, type AuthContext, type SFTPWrapper } from 'ssh2'
import { hostKeys } from '../host-keys.ts'
import { createPortListener } from '../transport/port-listener.ts'

const { OPEN_MODE, STATUS_CODE } = ssh2.utils.sftp
/** Largest answer to one read request. */
const MAX_READ = 256 * 1024

/** Options of a repository. */
export interface SftpRepositoryOptions {
  /** Directory served as `/`. */
  readonly root: string
  readonly user: string
  readonly password: string
  /** 0 or absent: any free port below the ephemeral range. */
  readonly port?: number
  /** Default 127.0.0.1. */
  readonly address?: string
}

/** What a repository has been asked for. */
export interface RepositoryCounts {
  readonly logins: number
  readonly refusedLogins: number
  /** Files opened for reading and read to their end, by path. */
  readonly downloads: Readonly<Record<string, number>>
}

/** A running or stopped repository. */
export interface SftpRepository {
  readonly start: () => Promise<{ readonly address: string; readonly port: number }>
  readonly stop: () => Promise<void>
  readonly counts: () => RepositoryCounts
  readonly reset: () => void
}

/** Makes an SFTP repository; it listens after `start()`. */
export function createSftpRepository(options: SftpRepositoryOptions): SftpRepository {
  const address = options.address ?? '127.0.0.1'
  const downloads = new Map<string, number>()
  let logins = 0
  let refusedLogins = 0
  let server: InstanceType<typeof ssh2.Server> | undefined
  const listener = createPortListener({ address, port: options.port ?? 0 }, (socket) =>
    server?.injectSocket(socket),
  )

  const authenticate = (context: AuthContext) => {
    const decide = (password: string) => {
      const right = context.username === options.user && password === options.password
      if (right) logins += 1
      else refusedLogins += 1
      if (right) context.accept()
      else context.reject(['password', 'keyboard-interactive'])
    }
    if (context.method === 'password') decide(context.password)
    else if (context.method === 'keyboard-interactive') {
      context.prompt([{ prompt: 'Password: ', echo: false }], '', '', (answers) => decide(answers[0] ?? ''))
    } else context.reject(['password', 'keyboard-interactive'])
  }
  return {
    async start() {
      const keys = await hostKeys()
      server ??= new ssh2.Server({ hostKeys: [...keys] }, (connection) => {
        connection.on('error', () => connection.end())
        connection.on('authentication', authenticate)
        connection.on('ready', () => {
          connection.on('session', (accept) => {
            accept().on('sftp', (acceptSftp) => {
              const root = options.root
              serveFiles(acceptSftp(), root, (path) => downloads.set(path, (downloads.get(path) ?? 0) + 1))
            })
          })
        })
      })
      server.on('error', () => undefined)
      return { address, port: await listener.open() }
    },
    async stop() {
      await listener.close()
      listener.cut()
    },
    counts: () => ({ logins, refusedLogins, downloads: Object.fromEntries(downloads) }),
    reset() {
      logins = 0
      refusedLogins = 0
      downloads.clear()
    },
  }
}

interface OpenFile {
  readonly path: string
  readonly handle: FileHandle
  readonly size: number
  /** Set once the last byte was read. */
  complete: boolean
}

interface OpenDirectory {
  readonly entries: { filename: string; longname: string; attrs: Attributes }[]
  done: boolean
}

/** Answers the read-only part of SFTP version 3; everything else is an unsupported operation or denied. */
function serveFiles(sftp: SFTPWrapper, root: string, downloaded: (path: string) => void): void {
  const files = new Map<number, OpenFile>()
  const directories = new Map<number, OpenDirectory>()
  let serial = 0
  const handleOf = (id: number) => {
    const handle = Buffer.alloc(4)
    handle.writeUInt32BE(id)
    return handle
  }
  const idOf = (handle: Buffer) => (handle.length === 4 ? handle.readUInt32BE() : -1)
  /** Answers with `work`; a missing file and any other failure become SFTP statuses. */
  const answer = (request: number, work: () => Promise<void>) => {
    work().catch((error: NodeJS.ErrnoException) => sftp.status(request, statusOf(error)))
  }
  sftp.on('REALPATH', (request, path) => {
    sftp.name(request, [{ filename: posix.resolve('/', path), longname: '', attrs: emptyAttributes() }])
  })
  const attributes = (request: number, path: string) =>
    answer(request, async () => sftp.attrs(request, attributesOf(await stat(await inside(root, path)))))
  sftp.on('STAT', attributes)
  sftp.on('LSTAT', attributes)
  sftp.on('OPEN', (request, path, flags) => {
    if ((flags & ~OPEN_MODE.READ) !== 0) return sftp.status(request, STATUS_CODE.PERMISSION_DENIED)
    answer(request, async () => {
      const handle = await open(await inside(root, path), 'r')
      const facts = await handle.stat()
      if (!facts.isFile()) {
        await handle.close()
        throw Object.assign(new Error('not a file'), { code: 'EACCES' })
      }
      serial += 1
      files.set(serial, { path: posix.resolve('/', path), handle, size: facts.size, complete: false })
      sftp.handle(request, handleOf(serial))
    })
  })
  sftp.on('FSTAT', (request, handle) => {
    const file = files.get(idOf(handle))
    if (file === undefined) return sftp.status(request, STATUS_CODE.FAILURE)
    answer(request, async () => sftp.attrs(request, attributesOf(await file.handle.stat())))
  })
  sftp.on('READ', (request, handle, offset, length) => {
    const file = files.get(idOf(handle))
    if (file === undefined) return sftp.status(request, STATUS_CODE.FAILURE)
    answer(request, async () => {
      const buffer = Buffer.alloc(Math.min(length, MAX_READ))
      const { bytesRead } = await file.handle.read(buffer, 0, buffer.length, offset)
      if (offset + bytesRead >= file.size && !file.complete) {
        file.complete = true
        downloaded(file.path)
      }
      if (bytesRead === 0) sftp.status(request, STATUS_CODE.EOF)
      else sftp.data(request, buffer.subarray(0, bytesRead))
    })
  })
  sftp.on('OPENDIR', (request, path) => {
    answer(request, async () => {
      const entries = await entriesOf(await inside(root, path))
      serial += 1
      directories.set(serial, { entries, done: false })
      sftp.handle(request, handleOf(serial))
    })
  })
  sftp.on('READDIR', (request, handle) => {
    const directory = directories.get(idOf(handle))
    if (directory === undefined) return sftp.status(request, STATUS_CODE.FAILURE)
    if (directory.done || directory.entries.length === 0) return sftp.status(request, STATUS_CODE.EOF)
    directory.done = true
    sftp.name(request, directory.entries)
  })
  sftp.on('CLOSE', (request, handle) => {
    const id = idOf(handle)
    const file = files.get(id)
    files.delete(id)
    directories.delete(id)
    answer(request, async () => {
      await file?.handle.close()
      sftp.status(request, STATUS_CODE.OK)
    })
  })
  sftp.on('close', () => {
    const left = [...files.values()]
    files.clear()
    // Closing may fail only for a handle that is closed already.
    Promise.allSettled(left.map((file) => file.handle.close())).catch(() => undefined)
  })
}

/** The real path of a client's path; ENOENT when it is outside the root. */
async function inside(root: string, path: string): Promise<string> {
  const top = await realpath(root)
  if (path.includes('\0')) throw Object.assign(new Error('no such file'), { code: 'ENOENT' })
  const real = await realpath(join(top, posix.resolve('/', path)))
  if (real === top || real.startsWith(top + sep)) return real
  throw Object.assign(new Error('outside the root'), { code: 'ENOENT' })
}

function statusOf(error: NodeJS.ErrnoException): number {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return STATUS_CODE.NO_SUCH_FILE
  return error.code === 'EACCES' || error.code === 'EPERM'
    ? STATUS_CODE.PERMISSION_DENIED
    : STATUS_CODE.FAILURE
}

interface FileFacts {
  readonly mode: number
  readonly size: number
  readonly atimeMs: number
  readonly mtimeMs: number
}

function attributesOf({ mode, size, atimeMs, mtimeMs }: FileFacts): Attributes {
  const seconds = (milliseconds: number) => Math.floor(milliseconds / 1000)
  // Write permissions are taken away: the repository is read-only.
  return { mode: mode & ~0o222, size, uid: 0, gid: 0, atime: seconds(atimeMs), mtime: seconds(mtimeMs) }
}

function emptyAttributes(): Attributes {
  return { mode: 0, size: 0, uid: 0, gid: 0, atime: 0, mtime: 0 }
}

async function entriesOf(directory: string): Promise<OpenDirectory['entries']> {
  const names = await readdir(directory)
  const found = await Promise.all(
    names.map(async (filename) => {
      const facts = await stat(join(directory, filename)).catch(() => undefined)
      return facts === undefined ? [] : [{ filename, facts }]
    }),
  )
  return found.flat().map(({ filename, facts }) => {
    const kind = facts.isDirectory() ? 'dr-xr-xr-x' : '-r--r--r--'
    const size = String(facts.size).padStart(12)
    return { filename, longname: `${kind} 1 root root ${size} ${filename}`, attrs: attributesOf(facts) }
  })
}
