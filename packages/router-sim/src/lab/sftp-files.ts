/**
 * The read-only part of SFTP version 3 over one directory; everything else is denied or unsupported.
 */
import { type FileHandle, open, readdir, stat } from 'node:fs/promises'
import { join, posix } from 'node:path'
import ssh2, { type Attributes, type SFTPWrapper } from 'ssh2'
import { inside } from './file-root.ts'

const { OPEN_MODE, STATUS_CODE } = ssh2.utils.sftp
/** Largest answer to one read request. */
const MAX_READ = 256 * 1024

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

/** What one SFTP channel has open. */
interface Channel {
  readonly sftp: SFTPWrapper
  readonly root: string
  readonly files: Map<number, OpenFile>
  readonly directories: Map<number, OpenDirectory>
  readonly nextHandle: () => number
  /** Answers with `work`; a missing file and any other failure become SFTP statuses. */
  readonly answer: (request: number, work: () => Promise<void>) => void
}

/** Serves a channel; `downloaded` is told each file that was read to its end. */
export function serveFiles(sftp: SFTPWrapper, root: string, downloaded: (path: string) => void): void {
  let serial = 0
  const channel: Channel = {
    sftp,
    root,
    files: new Map(),
    directories: new Map(),
    nextHandle() {
      serial += 1
      return serial
    },
    answer(request, work) {
      work().catch((error: NodeJS.ErrnoException) => sftp.status(request, statusOf(error)))
    },
  }
  answerNames(channel)
  answerReads(channel, downloaded)
  answerDirectories(channel)
  answerCloses(channel)
}

function handleOf(id: number): Buffer {
  const handle = Buffer.alloc(4)
  handle.writeUInt32BE(id)
  return handle
}

function idOf(handle: Buffer): number {
  return handle.length === 4 ? handle.readUInt32BE() : -1
}

function answerNames({ sftp, root, answer }: Channel): void {
  sftp.on('REALPATH', (request, path) => {
    sftp.name(request, [{ filename: posix.resolve('/', path), longname: '', attrs: emptyAttributes() }])
  })
  const attributes = (request: number, path: string) =>
    answer(request, async () => sftp.attrs(request, attributesOf(await stat(await inside(root, path)))))
  sftp.on('STAT', attributes)
  sftp.on('LSTAT', attributes)
}

function answerReads(
  { sftp, root, files, nextHandle, answer }: Channel,
  downloaded: (path: string) => void,
): void {
  sftp.on('OPEN', (request, path, flags) => {
    if ((flags & ~OPEN_MODE.READ) !== 0) return sftp.status(request, STATUS_CODE.PERMISSION_DENIED)
    answer(request, async () => {
      const file = await openFile(root, path)
      const id = nextHandle()
      files.set(id, file)
      sftp.handle(request, handleOf(id))
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
}

async function openFile(root: string, path: string): Promise<OpenFile> {
  const handle = await open(await inside(root, path), 'r')
  const facts = await handle.stat()
  if (facts.isFile()) return { path: posix.resolve('/', path), handle, size: facts.size, complete: false }
  await handle.close()
  throw Object.assign(new Error('not a file'), { code: 'EACCES' })
}

function answerDirectories({ sftp, root, directories, nextHandle, answer }: Channel): void {
  sftp.on('OPENDIR', (request, path) => {
    answer(request, async () => {
      const entries = await entriesOf(await inside(root, path))
      const id = nextHandle()
      directories.set(id, { entries, done: false })
      sftp.handle(request, handleOf(id))
    })
  })
  sftp.on('READDIR', (request, handle) => {
    const directory = directories.get(idOf(handle))
    if (directory === undefined) return sftp.status(request, STATUS_CODE.FAILURE)
    if (directory.done || directory.entries.length === 0) return sftp.status(request, STATUS_CODE.EOF)
    directory.done = true
    sftp.name(request, directory.entries)
  })
}

function answerCloses({ sftp, files, directories, answer }: Channel): void {
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
  // OpenSSH's client waits for the server to close after its own end.
  sftp.on('end', () => sftp.end())
  sftp.on('close', () => {
    const left = [...files.values()]
    files.clear()
    // Closing may fail only for a handle that is closed already.
    Promise.allSettled(left.map((file) => file.handle.close())).catch(() => undefined)
  })
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
