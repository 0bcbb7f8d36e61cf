// Pure rules: preconditions and ranges, memory of transfers, content of archives.
import { mkdir, mkdtemp, open, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { createGzip, deflateRawSync, gzipSync } from 'node:zlib'
import { distributionNameProblem, parseDistributionPath } from '@slipway/contracts'
import { systemClock } from '@slipway/service-kit'
import fc from 'fast-check'
import t from 'tap'
import { pack } from 'tar-stream'
import { createBufferPool, type Share } from '../src/downloads/buffer-pool.ts'
import { decide } from '../src/downloads/preconditions.ts'
import { checkContent } from '../src/files/content-check.ts'
import { createFileIndex } from '../src/files/index-service.ts'
import { createSharedOpening } from '../src/files/shared-opening.ts'
import { createStoreFolder, type StoreFolder } from '../src/files/store-folder.ts'
import { emptyZip } from './support.ts'

const file = { etag: '"abc"', modifiedS: 784_111_777, size: 1_000 }
const indexed = {
  identity: '',
  size: 7,
  sha256: '',
  version: '',
  refused: '',
  publishedAt: new Date(0),
  publishedBy: '',
}
const date = 'Sun, 06 Nov 1994 08:49:37 GMT'

t.test('a range that is granted lies within the file', (t) => {
  const digits = fc.oneof(fc.nat(2_000).map(String), fc.stringMatching(/^[0-9]{1,30}$/), fc.constant(''))
  fc.assert(
    fc.property(digits, digits, fc.nat(1_500), (first, last, size) => {
      const decision = decide('GET', { range: `bytes=${first}-${last}` }, { ...file, size })
      if (!('start' in decision)) return decision.status === 416
      const { status, start, end } = decision
      if (status === 200) return start === 0 && end === size
      return start >= 0 && start < end && end <= size
    }),
  )
  fc.assert(
    fc.property(fc.string(), (range) => [200, 206, 416].includes(decide('GET', { range }, file).status)),
  )
  t.end()
})

t.test('a download does not wait for the digest of a large file, and finds it later', async (t) => {
  const root = await mkdtemp(join(tmpdir(), 'slipway-rules-'))
  t.teardown(() => rm(root, { recursive: true, force: true }))
  await mkdir(join(root, 'a'))
  await writeFile(join(root, 'a/large.gz'), gzipSync('large'))
  const folder = createStoreFolder(root)
  t.teardown(() => folder.close())
  let release = () => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  const slowFolder: StoreFolder = {
    ...folder,
    async openFile(name) {
      const opened = await folder.openFile(name)
      return opened && { ...opened, read: (...where) => held.then(() => opened.read(...where)) }
    },
  }
  const index = createFileIndex({
    folder: slowFolder,
    store: {
      list: async () => [],
      find: async () => undefined,
      save: async () => {},
      saveOver: async () => true,
      remove: async () => {},
    },
    clock: systemClock,
    log: { warn: () => {}, info: () => {} },
    limits: { softwareBytes: 1_000 },
    settleMs: 0,
    hint: () => {},
    noticed: () => {},
  })
  const name = { directory: 'a', file: 'large.gz' }
  await Promise.all([
    t.rejects(index.open(name), { code: 'DISTRIBUTION_BUSY' }),
    t.rejects(index.open(name), { code: 'DISTRIBUTION_BUSY' }),
  ])
  release()
  const served = await index.open(name)
  t.equal(served?.known.refused, '')
  served?.file.close()
})

t.test('who asks at the same time shares one opening, who asks later does not', async (t) => {
  const root = await mkdtemp(join(tmpdir(), 'slipway-rules-'))
  t.teardown(() => rm(root, { recursive: true, force: true }))
  await mkdir(join(root, 'a'))
  await writeFile(join(root, 'a/b.gz'), 'content')
  const folder = createStoreFolder(root)
  t.teardown(() => folder.close())
  const name = { directory: 'a', file: 'b.gz' }
  const known = { ...indexed, name }
  const opened: string[] = []
  const failures: Error[] = []
  let isThere = true
  const open = createSharedOpening(async ({ file }, byLink) => {
    opened.push(`${file}${byLink ? ' by link' : ''}`)
    const failure = failures.shift()
    if (failure !== undefined) throw failure
    const found = isThere ? await folder.openFile(name) : undefined
    return found && { file: found, known }
  })
  const first = [open(name, false), open(name, false), open(name, false)]
  const others = [open(name, true), open({ ...name, file: 'c.gz' }, false)]
  // The turn of the event loop in which the first were opened: what changed since must be seen by who asks now.
  await new Promise(setImmediate)
  t.same(opened, ['b.gz', 'b.gz by link', 'c.gz'])
  const later = open(name, false)
  const [one, two, three] = await Promise.all(first)
  await Promise.all([...others, later])
  t.equal(opened.length, 4)
  const readable = (served: typeof one) =>
    served?.file.read(Buffer.alloc(7), 0, 7, 0).then(
      ({ bytesRead }) => bytesRead === 7,
      () => false,
    )
  one?.file.close()
  one?.file.close()
  two?.file.close()
  t.equal(await readable(three), true, 'each closes for itself, also twice')
  three?.file.close()
  t.equal(await readable(three), false, 'the last one closes the file')
  for (const served of await Promise.all([...others, later])) served?.file.close()

  failures.push(new Error('away'))
  const failing = [open(name, false), open(name, false)]
  for (const each of failing) await t.rejects(each, { message: 'away' })
  isThere = false
  t.same(await Promise.all([open(name, false), open(name, false)]), [undefined, undefined])
  t.equal(opened.length, 6)
})

t.test('preconditions stand in the order of RFC 9110', (t) => {
  const cases: [Record<string, string>, number][] = [
    [{ 'if-match': '*' }, 200],
    [{ 'if-match': '"x", "abc"' }, 200],
    [{ 'if-match': 'W/"abc"' }, 412],
    [{ 'if-match': '"a,b", "abc"' }, 200],
    [{ 'if-match': 'abc' }, 412],
    [{ 'if-none-match': 'W/"abc"' }, 304],
    [{ 'if-none-match': '*' }, 304],
    [{ 'if-none-match': '"x"', 'if-modified-since': date }, 200],
    [{ 'if-modified-since': date }, 304],
    [{ 'if-modified-since': 'Sunday, 06-Nov-94 08:49:37 GMT' }, 304],
    [{ 'if-modified-since': 'Sun Nov  6 08:49:37 1994' }, 304],
    [{ 'if-modified-since': 'Sun, 06 Nov 1994 08:49:36 GMT' }, 200],
    [{ 'if-modified-since': 'yesterday' }, 200],
    [{ 'if-unmodified-since': 'Sun, 06 Nov 1994 08:49:36 GMT' }, 412],
    [{ 'if-unmodified-since': date }, 200],
    [{ 'if-match': '"abc"', 'if-unmodified-since': 'Sun, 06 Nov 1994 08:49:36 GMT' }, 200],
    [{ 'if-match': '"x"', 'if-none-match': '"abc"' }, 412],
    [{ range: 'bytes=0-1', 'if-range': '"abc"' }, 206],
    [{ range: 'bytes=0-1', 'if-range': 'W/"abc"' }, 200],
    [{ range: 'bytes=0-1', 'if-range': date }, 206],
    [{ range: 'bytes=0-1', 'if-range': 'Sun, 06 Nov 1994 08:49:38 GMT' }, 200],
    [{ range: 'bytes=5000-', 'if-range': '"x"' }, 200],
    [{ range: 'bytes=5000-' }, 416],
    [{ range: 'bytes=-0' }, 416],
    [{ range: 'bytes=9-5' }, 200],
    [{ range: 'lines=0-1' }, 200],
  ]
  for (const [headers, status] of cases)
    t.equal(decide('GET', headers, file).status, status, JSON.stringify(headers))
  t.equal(decide('HEAD', { range: 'bytes=0-1' }, file).status, 200)
  t.end()
})

t.test('a path leads to names only', (t) => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 4 }), (parts) =>
      (parseDistributionPath(parts) ?? []).every(
        (part) =>
          /^[\w-][\w.-]*$/.test(part) &&
          distributionNameProblem({ directory: part, file: part })?.length !== 0,
      ),
    ),
  )
  t.end()
})

t.test('the memory of transfers stays within its budget, and those who wait get their turn', async (t) => {
  const budget = 8 * 1024 * 1024
  const pool = createBufferPool(budget)
  const sizes = (share: Share = []) => share.map(({ length }) => length / 1024)
  const taken: Share[] = []
  const all = Array.from({ length: 500 }, async () => {
    const each = await pool.acquire(60_000)
    if (each !== undefined) taken.push(each)
  })
  await new Promise(setImmediate)
  t.ok(pool.used() <= budget)
  t.ok(taken.length > 100 && taken.length < 500, `${taken.length} at once`)
  t.same(sizes(taken[0]), [256, 256])
  t.same(sizes(taken.at(-1)), [16])
  t.equal(await pool.acquire(1), undefined, 'not for ever')
  const running = taken.length
  taken[0] = pool.exchange(taken[0] ?? [])
  t.same(sizes(taken[0]), [16], 'who has much shares it with those who wait')
  await new Promise(setImmediate)
  t.equal(taken.length, running + 31)
  for (let n = 0; n < 500; n += 1) {
    const each = taken[n]
    if (each !== undefined) pool.release(each)
    await new Promise(setImmediate)
  }
  await Promise.all(all)
  t.equal(taken.length, 500)
  t.equal(pool.used(), 0)
  const small = await Promise.all(Array.from({ length: 40 }, () => pool.acquire(1)))
  const last = small.pop() ?? []
  t.same(sizes(last), [16])
  for (const each of small) pool.release(each ?? [])
  const larger = pool.exchange(last)
  t.same(sizes(larger), [256, 256], 'when there is room again a transfer gets faster')
  t.equal(pool.exchange(larger), larger)
  pool.release(larger)
  t.equal(pool.used(), 0)
})

/** A zip with one deflated entry. */
function zipWith(name: string, text: string): Buffer {
  const content = deflateRawSync(text)
  const fields = Buffer.alloc(26)
  fields.writeUInt16LE(20, 0)
  fields.writeUInt16LE(8, 4)
  fields.writeUInt32LE(content.length, 14)
  fields.writeUInt32LE(Buffer.byteLength(text), 18)
  fields.writeUInt16LE(name.length, 22)
  const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), fields, Buffer.from(name), content])
  const version = Buffer.from([20, 0])
  const central = Buffer.concat([
    Buffer.from('PK\x01\x02', 'latin1'),
    version,
    fields,
    Buffer.alloc(14),
    Buffer.from(name),
  ])
  const end = Buffer.from(emptyZip)
  end.writeUInt16LE(1, 8)
  end.writeUInt16LE(1, 10)
  end.writeUInt32LE(central.length, 12)
  end.writeUInt32LE(local.length, 16)
  return Buffer.concat([local, central, end])
}

t.test('content is what its name says, and tells its version', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-content-'))
  t.teardown(() => rm(folder, { recursive: true }))
  const look = async (content: Buffer, kind: 'zip' | 'gzip' | 'software') => {
    const path = join(folder, 'x')
    await writeFile(path, content)
    const handle = await open(path)
    try {
      return await checkContent(handle, content.length, kind)
    } finally {
      await handle.close()
    }
  }
  const tar = pack()
  tar.entry({ name: 'agent/readme' }, 'x'.repeat(100_000))
  tar.entry({ name: 'agent/Version.txt' }, '\uFEFF\r\n13-10 \r\nmore')
  tar.finalize()
  const tgz = await buffer(Readable.from(tar).pipe(createGzip()))
  t.same(await look(tgz, 'gzip'), { version: '13-10' })
  t.same(await look(gzipSync('no tar'), 'gzip'), { version: '' })
  t.match(await look(tgz.subarray(0, 100), 'gzip'), { version: '' }, 'cut off')
  t.same(await look(zipWith('im/VERSION.TXT', '2.1\n'), 'zip'), { version: '2.1' })
  t.same(await look(zipWith('other.txt', '2.1\n'), 'zip'), { version: '' })
  t.same(await look(emptyZip, 'zip'), { version: '' })
  for (const bad of [Buffer.alloc(0), Buffer.from('PK\x03\x04'), tgz, zipWith('a', 'b').subarray(0, -5)]) {
    t.match(await look(bad, 'zip'), { problem: /zip/ })
  }
  for (const bad of [Buffer.alloc(0), Buffer.from([0x1f, 0x8b, 8]), emptyZip, Buffer.alloc(50)]) {
    t.match(await look(bad, 'gzip'), { problem: /gzip/ })
  }
  t.match(await look(Buffer.alloc(0), 'software'), { problem: /empty/ })
})
