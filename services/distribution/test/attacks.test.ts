// What clients, and whoever writes into the store, may do to us: nothing hangs, nothing leaks, and nobody is given as
// whole what is not.
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { type FileHandle, open, readdir, rename, stat, truncate, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { archiveLimitBytes, distributionMessages } from '@slipway/contracts'
import { until } from '@slipway/test-kit'
import t, { type Test } from 'tap'
import { type Answer, build, gzip, type Running, sha256 } from './support.ts'

const MIB = 1_048_576
/** Large enough to be neither in the system's buffers nor sent at once. */
const LARGE = 12 * MIB
/** Of a gzip file; what follows is not looked at. */
const head = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3])

let b: Running
const small = gzip(1_000)
t.before(async () => {
  b = await build(
    { teardown: (undo) => t.teardown(undo) },
    { DISTRIBUTION_TRANSFER_MEMORY: String(MIB), DISTRIBUTION_SCAN_INTERVAL: '200ms' },
  )
  await published('a/small.gz', small)
})
const published = (path: string, body: Buffer) => b.ask('PUT', `/api/v1/distributions/${path}`, { body })
const get = (path: string) => b.ask('GET', `/download/${path}`)

/** A file that counts from its beginning to its end, put there by hand. */
async function putLarge(path: string): Promise<string> {
  const whole = await b.put(path, head)
  const handle = await open(whole, 'a')
  for (let n = 0; n < LARGE / MIB; n += 1) await handle.write(Buffer.alloc(MIB, n))
  await handle.close()
  await until(async () => (await b.ask('HEAD', `/download/${path}`)).status === 200, { message: 'picked up' })
  return whole
}

interface Reader {
  socket: Socket
  /** Bytes of the body so far; the promised length when the head has come. */
  body: number
  length: number | undefined
  closed: Promise<unknown>
}

/** Asks for a file and takes what comes first, then nothing until its socket is resumed. */
async function startReading(path: string, query = ''): Promise<Reader> {
  const { hostname, port } = new URL(b.url)
  const socket = connect(Number(port), hostname)
  const reader: Reader = { socket, body: 0, length: undefined, closed: once(socket, 'close') }
  socket.on('error', () => undefined)
  socket.write(
    `GET /download/${path}${query} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${b.token('root')}\r\n\r\n`,
  )
  let answer = ''
  await new Promise<void>((resolve) => {
    socket.on('close', resolve)
    socket.on('data', (chunk: Buffer) => {
      if (reader.length !== undefined) {
        reader.body += chunk.length
        return
      }
      answer += chunk.toString('latin1')
      const end = answer.indexOf('\r\n\r\n')
      if (end < 0) return
      reader.length = Number(/content-length: (\d+)/i.exec(answer)?.[1])
      reader.body = answer.length - end - 4
      socket.pause()
      resolve()
    })
  })
  return reader
}

const descriptors = async () => (await readdir('/proc/self/fd')).length
const metric = async (name: string) => (await b.metrics.getSingleMetric(name)?.get())?.values[0]?.value ?? 0
const nothingRuns = () =>
  until(
    async () =>
      (await metric('slipway_distribution_downloads_running')) === 0 &&
      (await metric('slipway_distribution_buffer_bytes')) === 0,
    { message: 'no transfer runs, no buffer is in use' },
  )

t.test(
  'a file that is changed while it is sent breaks the transfer, one that is replaced does not',
  async (t) => {
    const changes: [string, (path: string, handle: FileHandle) => Promise<unknown>, boolean][] = [
      ['truncated', (path) => truncate(path, MIB), false],
      ['emptied', (path) => truncate(path, 0), false],
      [
        'overwritten',
        (_path, handle) => handle.write(Buffer.alloc(MIB, 0xff), 0, MIB, LARGE - 2 * MIB),
        false,
      ],
      ['appended to', (_path, handle) => handle.write(small, 0, small.length, LARGE + head.length), false],
      ['renamed over', async (path) => rename(await b.put('a/.new.gz', small), path), true],
      ['deleted', () => b.ask('DELETE', '/api/v1/distributions/a/changing.gz'), true],
    ]
    for (const [what, change, isWhole] of changes) {
      const path = await putLarge('a/changing.gz')
      const reader = await startReading('a/changing.gz')
      t.equal(reader.length, LARGE + head.length)
      const handle = await open(path, 'r+')
      await change(path, handle)
      await handle.close()
      reader.socket.resume()
      if (isWhole) {
        await until(() => reader.body === reader.length, { message: `${what}: the old one to its end` })
        reader.socket.destroy()
      }
      await reader.closed
      t.equal(reader.body === reader.length, isWhole, `${what}: ${reader.body} of ${reader.length} bytes`)
    }
    await nothingRuns()
    t.match(await get('a/small.gz'), { status: 200, body: small })
    const { rows } = await b.rpc(distributionMessages.listActivity, { directory: 'a', file: 'changing.gz' })
    const downloads = rows.filter(({ kind }) => kind === 'downloaded').map(({ complete }) => complete)
    t.same(downloads.sort(), [false, false, false, false, true, true], 'and it is on record')
  },
)

t.test('slow readers get little memory each, and nobody waits for them', async (t) => {
  const path = await putLarge('a/large.gz')
  await nothingRuns()
  const readers = await Promise.all(Array.from({ length: 30 }, () => startReading('a/large.gz')))
  t.ok((await metric('slipway_distribution_buffer_bytes')) <= MIB)
  t.match(await get('a/small.gz'), { status: 200, body: small }, 'while all of them wait')
  t.ok(readers.every(({ length = 0, body }) => body < length))
  // A MiB is 64 of the smallest buffers.
  const others = await Promise.all(Array.from({ length: 60 }, () => startReading('a/large.gz')))
  const told = others.filter(({ length = 0 }) => length < 1_000)
  t.ok(told.length >= 26, 'beyond that some are told to come again, before anything is promised to them')
  t.match(await b.ask('HEAD', '/download/a/large.gz'), { status: 200 })
  const [first] = readers
  first?.socket.resume()
  await until(() => first?.body === first?.length, { message: 'who reads gets on, however many do not' })
  for (const { socket } of [...readers, ...others]) socket.destroy()
  await nothingRuns()
  t.equal((await stat(path)).size, LARGE + head.length)
})

t.test('a thousand clients that drop half-way leave no descriptor and no memory behind', async (t) => {
  await nothingRuns()
  const before = await descriptors()
  for (let round = 0; round < 20; round += 1) {
    const readers = await Promise.all(Array.from({ length: 50 }, () => startReading('a/large.gz')))
    for (const { socket } of readers) {
      if (round % 2 === 0) socket.resetAndDestroy()
      else socket.destroy()
    }
    await nothingRuns()
  }
  // Also those who go before they are answered.
  const { hostname, port } = new URL(b.url)
  for (let n = 0; n < 100; n += 1) {
    const socket = connect(Number(port), hostname)
    socket.on('error', () => undefined)
    await once(socket, 'connect')
    socket.write(
      `GET /download/a/large.gz HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${b.token('root')}\r\n\r\n`,
      () => socket.resetAndDestroy(),
    )
    await once(socket, 'close')
  }
  await nothingRuns()
  await until(async () => (await descriptors()) <= before + 5, { message: 'descriptors are closed' })
  const stuck = (await Promise.all((await readdir('/proc/self/fd')).map(targetOf))).filter((target) =>
    target.includes('large.gz'),
  )
  t.same(stuck, [])
  t.match(await get('a/small.gz'), { status: 200 })
})

/** What a descriptor leads to. */
async function targetOf(descriptor: string): Promise<string> {
  return execFileSync('/usr/bin/readlink', [`/proc/${process.pid}/fd/${descriptor}`], {
    stdio: ['ignore', 'pipe', 'ignore'],
  }).toString()
}

t.test(
  'who asks after something was published never gets what was there before, however many ask',
  async (t) => {
    const versions = Array.from({ length: 12 }, () => gzip(500))
    const etags = versions.map((body) => `"${sha256(body)}"`)
    let current = -1
    let done = false
    const answered: { status: number; etag: string | undefined; since: number; isWhole: boolean }[] = []
    async function keepAsking(): Promise<void> {
      while (!done) {
        const since = current
        const { status, headers, body } = await get('a/versions.gz')
        const etag = headers.etag
        // On a slow machine the look at what is new may take longer than an answer may: "come again" is no wrong one.
        if (since >= 0 && status !== 503)
          answered.push({ status, etag, since, isWhole: etag === `"${sha256(body)}"` })
      }
    }
    const asking = Array.from({ length: 8 }, keepAsking)
    for (const [number, body] of versions.entries()) {
      await published('a/versions.gz', body)
      current = number
      const seen = answered.length
      await until(() => answered.length >= seen + 16, { message: 'it is asked for' })
    }
    done = true
    await Promise.all(asking)
    t.same(
      answered.filter(({ etag = '', since, isWhole }) => !isWhole || etags.indexOf(etag) < since),
      [],
    )
  },
)

t.test('a directory that is moved away by hand and made anew is noticed', async (t) => {
  await published('moved/a.gz', small)
  t.match(await get('moved/a.gz'), { status: 200, body: small })
  await rename(join(b.store, 'moved'), join(b.store, 'elsewhere'))
  const next = gzip(2_000)
  t.match(await published('moved/a.gz', next), { status: 201 })
  t.match(await get('moved/a.gz'), { status: 200, body: next }, 'at once, as it was published here')
  await rename(join(b.store, 'moved'), join(b.store, 'gone'))
  await until(async () => (await get('moved/a.gz')).status === 404, { message: 'soon, if by hand' })
  await rename(join(b.store, 'elsewhere'), join(b.store, 'moved'))
  await until(async () => (await get('moved/a.gz')).body.equals(small), { message: 'the first one again' })
})

t.test('names on disk reach no header and no log line of their own', async (t) => {
  await b.put('a/x\r\nSet-Cookie: a=b.gz', small)
  await b.put('a/"quoted".gz', small)
  await b.put('a/ümlaut.gz', small)
  const paths = ['a/x%0d%0aSet-Cookie:%20a=b.gz', 'a/%22quoted%22.gz', 'a/%C3%BCmlaut.gz']
  for (const path of paths) {
    const answer = await get(path)
    t.match(answer, { status: 404, message: 'Not Found' }, path)
    t.equal(answer.headers['set-cookie'], undefined)
  }
  const refused = await until(
    async () => {
      const rows = (await b.rows()).filter(({ refused: why }) => /letters, digits/.test(why))
      return rows.length === 3 && rows
    },
    { message: 'the operator is told' },
  )
  t.ok(refused.some(({ file }) => file.includes('\r\n')))
  t.notOk(
    b.logged.some((line) => line.trimEnd().includes('\n')),
    'a line is a line',
  )
})

t.test('a device is not served', async (t) => {
  if (!(await isAllowed('mknod', [join(b.store, 'a/null.gz'), 'c', '1', '3']))) {
    t.pass('LEFT OUT: devices', { skip: 'only root may make them' })
    return
  }
  t.match(await get('a/null.gz'), { status: 404 })
  await until(
    async () => (await b.rows()).some(({ file, refused }) => file === 'null.gz' && refused !== ''),
    {
      message: 'the operator is told',
    },
  )
})

/** A body of so many bytes that never stands in memory as a whole. */
function upload(path: string, bytes: number, headers: Record<string, string | number>): Promise<Answer> {
  const chunk = Buffer.alloc(MIB)
  function* content() {
    yield head
    for (let left = bytes - head.length; left > 0; left -= chunk.length)
      yield chunk.subarray(0, Math.min(left, chunk.length))
  }
  const { hostname, port } = new URL(b.url)
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        hostname,
        port,
        method: 'PUT',
        path: `/api/v1/distributions/${path}`,
        headers: { authorization: `Bearer ${b.token('root')}`, ...headers },
        agent: false,
      },
      async (response) => {
        const body = Buffer.concat(await response.toArray())
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body,
          message: body.toString(),
        })
      },
    )
    sent.on('error', reject)
    const send = () => void Readable.from(content()).pipe(sent)
    if ('expect' in headers) sent.on('continue', send)
    else send()
  })
}
const left = async () => (await readdir(join(b.store, '.incoming'))).length

t.test('300 MiB exactly are published, one byte more is not, with and without a length', async (t) => {
  t.match(await upload('size/told.gz', archiveLimitBytes, { 'content-length': archiveLimitBytes }), {
    status: 201,
  })
  t.match(
    await upload('size/told.gz', archiveLimitBytes + 1, {
      'content-length': archiveLimitBytes + 1,
      expect: '100-continue',
    }),
    {
      status: 413,
      message: /at most 314572800 bytes/,
    },
  )
  t.match(await upload('size/untold.gz', archiveLimitBytes + 1, { 'transfer-encoding': 'chunked' }), {
    status: 413,
  })
  t.match(await get('size/untold.gz'), { status: 404 })
  t.equal(await left(), 0)
  t.match(await b.ask('HEAD', '/download/size/told.gz'), {
    status: 200,
    headers: { 'content-length': String(archiveLimitBytes) },
  })
  await b.ask('DELETE', '/api/v1/distributions/size/told.gz')
})

t.test('an upload that breaks off leaves nothing', async (t) => {
  const { hostname, port } = new URL(b.url)
  const socket = connect(Number(port), hostname)
  socket.write(
    `PUT /api/v1/distributions/a/half.gz HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${b.token('root')}\r\nContent-Length: 1000000\r\n\r\n`,
  )
  socket.write(Buffer.concat([head, Buffer.alloc(500_000)]))
  await until(async () => (await left()) === 1, { message: 'it is being received' })
  socket.destroy()
  await until(async () => (await left()) === 0, { message: 'it is gone' })
  t.match(await get('a/half.gz'), { status: 404 })
})

t.test('a full disk refuses what is published and leaves everything as it was', async (t) => {
  if (!(await isAllowed('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', b.store]))) {
    t.pass('LEFT OUT: a full disk', { skip: 'only root may mount a small one' })
    return
  }
  t.teardown(() => execFileSync('umount', ['-l', b.store]))
  t.match(await published('full/a.gz', small), { status: 201 })
  for (const path of ['full/a.gz', 'full/new.gz']) {
    const answer = await published(path, gzip(3 * MIB))
    t.match(answer, { message: 'The store of distributions has no room left.' }, path)
    t.equal(await left(), 0)
  }
  await fill(t)
  const answer = await published('other/a.gz', small)
  t.match(answer, { message: 'The store of distributions has no room left.' }, 'not a byte is left')
  const row = (await b.rows()).find(({ directory }) => directory === 'full')
  t.match(row, { file: 'a.gz', sha256: sha256(small), publishedBy: 'root' })
  t.match(await get('full/a.gz'), { status: 200, body: small })
  t.equal((await b.rows()).filter(({ file }) => file === 'new.gz').length, 0)
})

/** Writes until the small disk is full. */
async function fill(t: Test): Promise<void> {
  for (const bytes of [MIB, 4_096]) {
    const path = join(b.store, `.fill-${bytes}`)
    await writeFile(path, '')
    const handle = await open(path, 'a')
    const full = await handle
      .appendFile(Buffer.alloc(2 * MIB))
      .then(() => false)
      .catch(() => true)
    await handle.close()
    t.ok(full)
  }
}

async function isAllowed(program: string, args: string[]): Promise<boolean> {
  try {
    execFileSync(program, args, { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
