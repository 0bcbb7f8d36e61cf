/**
 * The simulator's package file: a header line, one line of JSON facts with the checksum of the filler, an empty
 * line, then filler. A router trusts these bytes, not the file's name. A `.tar` is a real (ustar) archive of
 * such files.
 */
import { createHash } from 'node:crypto'
import { simError } from '../sim-error.ts'
import { FAMILIES, type PackageFacts } from './package-facts.ts'

const MAGIC = 'SLIPWAY-SIM-PACKAGE 1\n'
const TAR_BLOCK = 512
/** Offset of `ustar` in a tar header block (POSIX.1-1988). */
const TAR_MAGIC_OFFSET = 257

/** Bytes of a package file with `fillerBytes` of deterministic filler. */
export function encodePackage(facts: PackageFacts, fillerBytes: number): Buffer {
  const filler = fillerOf(facts.name, fillerBytes)
  const header = JSON.stringify({ ...facts, fillerBytes, sha256: sha256(filler) })
  return Buffer.concat([Buffer.from(`${MAGIC}${header}\n\n`, 'utf8'), filler])
}

function fillerOf(seed: string, length: number): Buffer {
  const block = createHash('sha512').update(seed).digest()
  const filler = Buffer.alloc(length)
  for (let at = 0; at < length; at += block.length) block.copy(filler, at)
  return filler
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/**
 * Packages contained in a downloaded file: one, or several for a tar.
 * @throws SIM_PACKAGE_INVALID when the bytes are not a whole package
 */
export function decodePackages(bytes: Buffer): PackageFacts[] {
  if (bytes.subarray(TAR_MAGIC_OFFSET, TAR_MAGIC_OFFSET + 5).toString('latin1') !== 'ustar') {
    return [decodeOne(bytes)]
  }
  return [...tarMembers(bytes)].map(decodeOne)
}

function decodeOne(bytes: Buffer): PackageFacts {
  const invalid = simError('SIM_PACKAGE_INVALID', 'not a package, or a damaged one')
  if (bytes.subarray(0, MAGIC.length).toString('latin1') !== MAGIC) throw invalid
  const end = bytes.indexOf('\n\n', MAGIC.length)
  if (end < 0) throw invalid
  const header = parseHeader(bytes.subarray(MAGIC.length, end).toString('utf8'))
  if (header === undefined) throw invalid
  const filler = bytes.subarray(end + 2)
  if (filler.length !== header.fillerBytes || sha256(filler) !== header.sha256) throw invalid
  return header.facts
}

interface Header {
  readonly facts: PackageFacts
  readonly fillerBytes: number
  readonly sha256: string
}

function parseHeader(text: string): Header | undefined {
  try {
    const { fillerBytes, sha256: sum, ...facts } = JSON.parse(text) as PackageFacts & Omit<Header, 'facts'>
    return isFacts(facts) ? { facts, fillerBytes, sha256: sum } : undefined
  } catch {
    return undefined
  }
}

/** Internal names are printed and matched, so nothing but name characters may be in them. */
const PACKAGE_NAME = /^[A-Za-z0-9][A-Za-z0-9._+~-]{0,200}$/

function isFacts(facts: PackageFacts): boolean {
  const named = [facts.name, facts.file, facts.component, facts.release]
  return (
    named.every((name) => typeof name === 'string' && PACKAGE_NAME.test(name)) &&
    FAMILIES.includes(facts.platform) &&
    ['image', 'option', 'smu'].includes(facts.kind) &&
    typeof facts.needsReload === 'boolean' &&
    Array.isArray(facts.requires) &&
    facts.requires.every((name) => typeof name === 'string') &&
    Number.isSafeInteger(facts.installedBytes)
  )
}

/** A ustar archive of named files. */
export function encodeTar(files: readonly { name: string; bytes: Buffer }[]): Buffer {
  const blocks = files.flatMap(({ name, bytes }) => {
    const padding = Buffer.alloc((TAR_BLOCK - (bytes.length % TAR_BLOCK)) % TAR_BLOCK)
    return [tarHeader(name, bytes.length), bytes, padding]
  })
  return Buffer.concat([...blocks, Buffer.alloc(TAR_BLOCK * 2)])
}

function tarHeader(name: string, size: number): Buffer {
  const header = Buffer.alloc(TAR_BLOCK)
  header.write(name.slice(0, 99), 0, 'latin1')
  header.write('0000644\0', 100)
  header.write('0000000\0', 108)
  header.write('0000000\0', 116)
  header.write(`${size.toString(8).padStart(11, '0')}\0`, 124)
  header.write('00000000000\0', 136)
  header.write(' '.repeat(8), 148)
  header.write('0', 156)
  header.write('ustar\0', TAR_MAGIC_OFFSET)
  header.write('00', 263)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return header
}

function* tarMembers(bytes: Buffer): Generator<Buffer> {
  let at = 0
  while (at + TAR_BLOCK <= bytes.length && bytes[at] !== 0) {
    const size = Number.parseInt(bytes.subarray(at + 124, at + 135).toString('latin1'), 8)
    if (!Number.isSafeInteger(size) || at + TAR_BLOCK + size > bytes.length) {
      throw simError('SIM_PACKAGE_INVALID', 'truncated tar')
    }
    yield bytes.subarray(at + TAR_BLOCK, at + TAR_BLOCK + size)
    at += TAR_BLOCK + Math.ceil(size / TAR_BLOCK) * TAR_BLOCK
  }
}
