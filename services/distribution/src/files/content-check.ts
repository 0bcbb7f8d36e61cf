// Whether a file is what its name says, and which version it holds. Archives come from outside: everything that is
// read of them is bounded, and nothing is unpacked to disk.
import { PassThrough, type Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import type { DistributionKind } from '@slipway/contracts'
import { extract } from 'tar-stream'
import { type Entry, fromRandomAccessReader, RandomAccessReader, type ZipFile } from 'yauzl'
import type { ByteSource } from './store-file.ts'

/** Entries of an archive that are looked at. */
const MAX_ENTRIES = 65_536
/** Unpacked bytes of a tar that are looked at in search of its Version.txt. */
const MAX_UNPACKED = 64 * 1024 * 1024
const MAX_VERSION_BYTES = 4_096
const MAX_VERSION_CHARACTERS = 200
/** `Version.txt`, `im2-agent/Version.txt`. Source: distribution guide, "Providers of Distributed Products". */
const VERSION_FILE = /(^|\/)version\.txt$/i
/** RFC 1952: magic, deflate, no reserved flag; ten bytes of header and eight at the end. */
const GZIP_MAGIC = Buffer.from([0x1f, 0x8b, 0x08])
const GZIP_RESERVED_FLAGS = 0xe0
const GZIP_LEAST_BYTES = 18

export interface ContentFacts {
  /** Which rule the content breaks, as a sentence; undefined if none. */
  readonly problem?: string
  /** From Version.txt; empty if there is none. */
  readonly version: string
}

/** Looks at an open file. */
export async function checkContent(
  source: ByteSource,
  size: number,
  kind: DistributionKind,
): Promise<ContentFacts> {
  if (kind === 'software')
    return size === 0 ? { problem: 'The file is empty.', version: '' } : { version: '' }
  if (kind === 'zip') return checkZip(source, size)
  const problem = await gzipProblem(source, size)
  return problem === undefined ? { version: await versionInTar(source, size) } : { problem, version: '' }
}

async function gzipProblem(source: ByteSource, size: number): Promise<string | undefined> {
  const header = Buffer.alloc(10)
  const { bytesRead } = await source.read(header, 0, header.length, 0)
  const isGzip =
    size >= GZIP_LEAST_BYTES &&
    bytesRead === header.length &&
    header.subarray(0, 3).equals(GZIP_MAGIC) &&
    (header.readUInt8(3) & GZIP_RESERVED_FLAGS) === 0
  return isGzip ? undefined : 'The content is not in gzip format.'
}

async function checkZip(source: ByteSource, size: number): Promise<ContentFacts> {
  try {
    return { version: await readZip(source, size) }
  } catch {
    return { problem: 'The content is not in zip format.', version: '' }
  }
}

/** Bytes of a file for yauzl, by position. */
class HandleReader extends RandomAccessReader {
  readonly #source: ByteSource
  constructor(source: ByteSource) {
    super()
    this.#source = source
  }
  override _readStreamForRange(start: number, end: number): Readable {
    return rangeOf(this.#source, start, end)
  }
}

function rangeOf(source: ByteSource, start: number, end: number): Readable {
  const out = new PassThrough()
  copyRange(source, start, end, out).catch((error: unknown) => out.destroy(asError(error)))
  return out
}

async function copyRange(source: ByteSource, start: number, end: number, out: PassThrough): Promise<void> {
  const step = 65_536
  for (let at = start; at < end; ) {
    const buffer = Buffer.alloc(Math.min(step, end - at))
    const { bytesRead } = await source.read(buffer, 0, buffer.length, at)
    if (bytesRead === 0) throw new Error('shorter than it was')
    at += bytesRead
    if (!out.write(buffer.subarray(0, bytesRead))) await drained(out)
    if (out.destroyed) return
  }
  out.end()
}

function drained(out: PassThrough): Promise<void> {
  return new Promise((resolve) => {
    out.once('drain', resolve)
    out.once('close', resolve)
  })
}

/** Walks through the central directory of a zip; answers the version. Throws if it is none. */
function readZip(source: ByteSource, size: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { lazyEntries: true, autoClose: false, validateEntrySizes: true }
    fromRandomAccessReader(new HandleReader(source), size, options, (error, zip) => {
      if (error !== null || zip === undefined) return reject(asError(error))
      walk(zip).then(resolve, reject)
    })
  })
}

function walk(zip: ZipFile): Promise<string> {
  return new Promise((resolve, reject) => {
    let count = 0
    let found: Entry | undefined
    zip.on('error', reject)
    zip.on('end', () => resolve(found === undefined ? '' : versionInZip(zip, found)))
    zip.on('entry', (entry: Entry) => {
      count += 1
      if (count > MAX_ENTRIES) return reject(new Error('too many entries'))
      if (VERSION_FILE.test(entry.fileName) && isNearer(entry.fileName, found?.fileName)) found = entry
      zip.readEntry()
    })
    zip.readEntry()
  })
}

/** The Version.txt that lies nearest to the root counts. */
function isNearer(name: string, than: string | undefined): boolean {
  return than === undefined || name.split('/').length < than.split('/').length
}

function versionInZip(zip: ZipFile, entry: Entry): Promise<string> {
  if (entry.uncompressedSize > MAX_VERSION_BYTES || entry.isEncrypted()) return Promise.resolve('')
  return new Promise((resolve) => {
    zip.openReadStream(entry, (error, stream) => {
      if (error !== null || stream === undefined) return resolve('')
      readText(stream).then(resolve, () => resolve(''))
    })
  })
}

/** The version in a compressed tar; empty if it is none, or Version.txt does not stand near its beginning. */
async function versionInTar(source: ByteSource, size: number): Promise<string> {
  let version = ''
  let entries = 0
  const tar = extract()
  const enough = new AbortController()
  tar.on('entry', (header, stream, next) => {
    entries += 1
    const isVersion = VERSION_FILE.test(header.name) && (header.size ?? 0) <= MAX_VERSION_BYTES
    if (entries > MAX_ENTRIES) return void enough.abort()
    if (!isVersion) {
      stream.on('end', next)
      return void stream.resume()
    }
    readText(stream).then(
      (text) => {
        version = text
        enough.abort()
      },
      () => enough.abort(),
    )
  })
  let unpacked = 0
  const bounded = new PassThrough()
  bounded.on('data', (chunk: Buffer) => {
    unpacked += chunk.length
    if (unpacked > MAX_UNPACKED) enough.abort()
  })
  const bytes = rangeOf(source, 0, size)
  // Whatever ends it: what was found by then counts. Not every gzip file holds a tar.
  await pipeline([bytes, createGunzip(), bounded, tar], { signal: enough.signal }).catch(() => undefined)
  return version
}

async function readText(stream: AsyncIterable<unknown>): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of stream) {
    if (!Buffer.isBuffer(chunk)) return ''
    chunks.push(chunk)
    length += chunk.length
    if (length > MAX_VERSION_BYTES) return ''
  }
  return versionText(Buffer.concat(chunks).toString('utf8'))
}

/** The first line that says something, as one line of plain text. */
function versionText(text: string): string {
  const lines = text.replace(/^\uFEFF/, '').split(/[\r\n]+/)
  const first = lines.map((line) => line.replace(/\p{Cc}+/gu, ' ').trim()).find((line) => line !== '')
  return (first ?? '').slice(0, MAX_VERSION_CHARACTERS)
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
