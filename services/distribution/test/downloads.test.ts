// The rules of the distribution guide, met over HTTP.
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmod,
  chown,
  mkdir,
  readdir,
  rename,
  stat,
  symlink,
  truncate,
  unlink,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { archiveLimitBytes, distributionMessages, maxLinkUses } from '@slipway/contracts'
import { until } from '@slipway/test-kit'
import t from 'tap'
import { type Answer, basic, build, emptyZip, gzip, password, type Running, raw, sha256 } from './support.ts'

let b: Running
const content = gzip(100_000)
const etag = `"${sha256(content)}"`
t.before(async () => {
  b = await build({ teardown: (undo) => t.teardown(undo) })
  await b.ask('PUT', '/api/v1/distributions/im2-agent/agent.tgz', { body: content })
})
const get = (path: string, headers = {}) => b.ask('GET', `/download/${path}`, { headers })
const published = (path: string, body: Buffer, query = '') =>
  b.ask('PUT', `/api/v1/distributions/${path}${query}`, { body })
const isNotFound = (answer: Answer) => answer.status === 404 && answer.message === 'Not Found'

t.test('a file is sent with everything that an agent wants to know', async (t) => {
  const answer = await get('im2-agent/agent.tgz', { accept: 'text/html' })
  t.equal(answer.status, 200)
  t.ok(answer.body.equals(content))
  t.match(answer.headers, {
    'content-type': 'application/x-gzip',
    'content-length': String(content.length),
    'content-disposition': 'attachment; filename="agent.tgz"',
    'accept-ranges': 'bytes',
    'x-content-type-options': 'nosniff',
    etag,
    'repr-digest': `sha-256=:${Buffer.from(sha256(content), 'hex').toString('base64')}:`,
  })
  t.match(answer.headers['last-modified'], /^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/)
  const head = await b.ask('HEAD', '/download/im2-agent/agent.tgz')
  t.match(head, { status: 200, headers: { etag, 'content-length': String(content.length) } })
  t.equal(head.body.length, 0)
  t.match(await b.ask('GET', '/download/im2-agent/agent.tgz?x=1'), { status: 200 })
  t.match(await b.ask('GET', '/download/im2%2Dagent/agent%2etgz'), { status: 200 }, 'percent-encoded letters')
})

t.test('who is not authenticated gets 403 in the envelope, without a challenge', async (t) => {
  for (const auth of [undefined, basic('root', 'wrong'), 'nobody', 'Bearer eyJ.e.e', 'Basic !', 'Digest x']) {
    for (const path of ['im2-agent/agent.tgz', 'no/such.zip', '', '%zz', '../../etc/passwd']) {
      const answer = await b.ask('GET', `/download/${path}`, { auth })
      t.match(answer, { status: 403, message: 'Forbidden' }, `${auth} ${path}`)
      t.equal(answer.headers['www-authenticate'], undefined)
    }
  }
  t.match(await b.ask('POST', '/download/im2-agent/agent.tgz', { auth: undefined, body: 'x' }), {
    status: 403,
  })
  const links = ['link//x', 'link/a/%zz', 'link/../x', 'link/a/.x', 'link/a/b']
  for (const path of links) {
    const answer = await b.ask('GET', `/download/${path}`, { auth: undefined })
    t.match(answer, { status: 403, message: 'Forbidden' }, path)
  }
  t.match(await b.ask('POST', '/download/link/a/b', { auth: undefined }), { status: 403 })
  t.match(await b.ask('POST', '/download/link/a/b'), { status: 405 })
  for (const auth of ['vera', basic(b.token('vera'), 'unused'), `Bearer ${b.token('vera')}`]) {
    t.match(await b.ask('GET', '/download/im2-agent/agent.tgz', { auth }), { status: 200 })
  }
  const throttled = await b.ask('GET', '/download/im2-agent/agent.tgz', { auth: 'eager' })
  t.match(throttled, { status: 429, headers: { 'retry-after': '42' } })
})

t.test('other methods are refused', async (t) => {
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
    const answer = await b.ask(method, '/download/im2-agent/agent.tgz', {
      headers: { 'content-length': 1 },
      body: '{',
    })
    t.match(answer, { status: 405, headers: { allow: 'GET, HEAD' } }, method)
  }
})

t.test('nothing but a name leads anywhere, however it is written', async (t) => {
  await b.put('im2-agent/.hidden.gz', content)
  await b.put('root.gz', content)
  const paths = [
    '',
    '/',
    'im2-agent',
    'im2-agent/',
    'im2-agent/agent.tgz/',
    '/im2-agent/agent.tgz',
    'im2-agent//agent.tgz',
    'im2-agent/agent.tgz.',
    'im2-agent/agent.tgz;x=1',
    'im2-agent;x=1/agent.tgz',
    'im2-agent%2fagent.tgz',
    'im2-agent%2Fagent.tgz',
    'im2-agent/..%2fim2-agent%2fagent.tgz',
    '../download/im2-agent/agent.tgz',
    './im2-agent/agent.tgz',
    'im2-agent/./agent.tgz',
    'im2-agent/../im2-agent/agent.tgz',
    '%2e%2e/%2e%2e/etc/passwd',
    '..%2f..%2fetc%2fpasswd',
    '..%252f..%252fetc/passwd',
    '%252e%252e/agent.tgz',
    '..%c0%afetc/passwd',
    '%c0%ae%c0%ae/agent.tgz',
    '..%5cetc/passwd',
    'im2-agent%5cagent.tgz',
    'im2-agent\\agent.tgz',
    'im2-agent/agent.tgz%00',
    'im2-agent/agent.tgz%00.gz',
    'im2-agent/agent.tgz%20',
    'im2-agent/agent.tgz%0d%0aX:1',
    'im2-agent/.hidden.gz',
    '.incoming/x.gz',
    './root.gz',
    'root.gz',
    'im2-agent/%2ehidden.gz',
    '~/agent.tgz',
    'im2-agent/agent.tgz:stream',
    'IM2-AGENT/agent.tgz',
    'im2-agent/%e0%a4%a',
    'im2-agent/%zz',
    'x'.repeat(5_000),
    `im2-agent/${'x'.repeat(5_000)}.gz`,
    `im2-agent/${'x'.repeat(250)}.gz`,
    'im2-agent/agent.tgz/../agent.tgz',
    'proc/self',
    'im2-agent/ＡＧＥＮＴ.tgz'.normalize('NFC').replace(/[^ -~]/g, (c) => encodeURIComponent(c)),
  ]
  for (const path of paths) t.ok(isNotFound(await get(path)), `${path.slice(0, 60)}`)
  const absolute = await raw(
    b.url,
    `GET http://evil/download/../../etc/passwd HTTP/1.1\r\nHost: x\r\nAuthorization: ${basic('root')}\r\nConnection: close\r\n\r\n`,
  )
  t.match(absolute, /^HTTP\/1\.1 40[34]/)
})

t.test('preconditions and ranges', async (t) => {
  const range = await get('im2-agent/agent.tgz', { range: 'bytes=10-19' })
  t.match(range, {
    status: 206,
    headers: { 'content-range': `bytes 10-19/${content.length}`, 'content-length': '10' },
  })
  t.ok(range.body.equals(content.subarray(10, 20)))
  t.match(await get('im2-agent/agent.tgz', { range: `bytes=${content.length}-` }), {
    status: 416,
    headers: { 'content-range': `bytes */${content.length}` },
  })
  t.match(await get('im2-agent/agent.tgz', { 'if-none-match': etag }), { status: 304, headers: { etag } })
  t.match(await get('im2-agent/agent.tgz', { 'if-match': '"other"' }), { status: 412 })
  const many = `bytes=${Array.from({ length: 1_000 }, (_, n) => `${n}-${n}`).join(',')}`
  t.match(await get('im2-agent/agent.tgz', { range: many }), {
    status: 200,
    headers: { 'content-length': String(content.length) },
  })
})

t.test('a file put there by hand is picked up, with the right modes', async (t) => {
  const path = await b.put('by-hand/a_1.2-3.ZIP', emptyZip)
  await chmod(path, 0o600)
  const answer = await until(
    async () => {
      const each = await get('by-hand/a_1.2-3.ZIP')
      return each.status === 200 && each
    },
    { message: 'picked up' },
  )
  t.match(answer.headers, { 'content-type': 'application/zip' })
  t.equal((await stat(path)).mode & 0o777, 0o444)
  await until(async () => ((await stat(join(path, '..'))).mode & 0o777) === 0o755, {
    message: 'mode of the folder',
  })
  const changed = gzip()
  await b.put('by-hand/x.gz', content)
  await until(async () => (await get('by-hand/x.gz')).status === 200, { message: 'picked up' })
  await chmod(join(b.store, 'by-hand/x.gz'), 0o644)
  await writeFile(join(b.store, 'by-hand/x.gz'), changed)
  await until(async () => (await get('by-hand/x.gz')).headers.etag === `"${sha256(changed)}"`, {
    message: 'noticed',
  })
  await unlink(join(b.store, 'by-hand/x.gz'))
  t.ok(isNotFound(await get('by-hand/x.gz')))
  await until(async () => !(await b.rows()).some(({ file }) => file === 'x.gz'), { message: 'forgotten' })
})

t.test('what is published gets its modes; what is published as JSON is bytes, too', async (t) => {
  const umask = process.umask(0o077)
  t.teardown(() => process.umask(umask))
  const json = { 'content-type': 'application/json' }
  const answer = await b.ask('PUT', '/api/v1/distributions/modes/a.gz', { body: content, headers: json })
  t.match(answer, { status: 201 })
  t.ok((await get('modes/a.gz')).body.equals(content))
  t.equal((await stat(join(b.store, 'modes/a.gz'))).mode & 0o7777, 0o444)
  t.equal((await stat(join(b.store, 'modes'))).mode & 0o7777, 0o755)
})

t.test('a download that runs while its file is published anew ends with the old one', async (t) => {
  const [old, next] = [Buffer.concat([gzip(), Buffer.alloc(20_000_000)]), gzip(2_000)]
  await published('running/a.gz', old)
  const { hostname, port } = new URL(b.url)
  const socket = connect(Number(port), hostname)
  socket.write(
    `GET /download/running/a.gz HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${b.token('root')}\r\nConnection: close\r\n\r\n`,
  )
  const chunks: Buffer[] = []
  socket.on('data', (chunk) => chunks.push(chunk))
  await once(socket, 'data')
  socket.pause()
  t.match(await published('running/a.gz', next), { status: 200 })
  t.match(await get('running/a.gz'), { status: 200, body: next }, 'who comes now gets the new one')
  t.ok(Buffer.concat(chunks).length < old.length, 'the other one still runs')
  socket.resume()
  await once(socket, 'close')
  const answer = Buffer.concat(chunks)
  t.match(answer.subarray(0, 1_000).toString('latin1'), sha256(old))
  t.ok(answer.subarray(answer.indexOf('\r\n\r\n') + 4).equals(old))
})

t.test('what cannot be read is not there; another owner or mode alone is no reason', async (t) => {
  const folder = join(b.store, 'owners')
  const nobody = 65_534
  await b.put('owners/.unreadable', content)
  await b.put('owners/.foreign', content)
  await chmod(join(folder, '.unreadable'), 0)
  await chmod(join(folder, '.foreign'), 0o644)
  const isRoot = process.geteuid?.() === 0
  if (isRoot) {
    for (const each of [join(b.store, '..'), b.store]) await chmod(each, 0o755)
    await chown(folder, nobody, nobody)
    // Root may read and change everything: for this test the process gives that up.
    process.seteuid?.(nobody)
    t.teardown(() => process.seteuid?.(0))
  } else t.pass('LEFT OUT: another owner', { skip: 'only root may give files away' })
  await rename(join(folder, '.unreadable'), join(folder, 'unreadable.gz'))
  await rename(join(folder, '.foreign'), join(folder, 'foreign.gz'))
  await until(async () => (await get('owners/foreign.gz')).status === 200, { message: 'picked up' })
  t.ok((await get('owners/foreign.gz')).body.equals(content))
  t.equal((await stat(join(folder, 'foreign.gz'))).mode & 0o777, isRoot ? 0o644 : 0o444)
  t.ok(isNotFound(await get('owners/unreadable.gz')))
  const isTold = async () =>
    (await b.rows()).some(({ file, refused }) => file === 'unreadable.gz' && /cannot be read/.test(refused))
  await until(isTold, { message: 'the operator is told' })
})

t.test('reserved names are served if put there by hand, and not published by anybody', async (t) => {
  await b.put('Hitachi_tools/JP1_agent.gz', content)
  await until(async () => (await get('Hitachi_tools/JP1_agent.gz')).status === 200, { message: 'served' })
  for (const path of ['hitachi_x/a.gz', 'HITACHI_x/a.gz', 'x/jp1_a.gz', 'x/Jp1_a.gz', 'JP1_/a.zip']) {
    t.match(await published(path, content), { status: 400, message: /reserved/ }, path)
  }
})

t.test('what breaks a rule is not served, and the operator is told why', async (t) => {
  await b.put('broken/a.zip', content)
  await b.put('broken/b.gz', emptyZip)
  await b.put('broken/c.txt', content)
  await b.put('broken/d e.gz', content)
  await b.put('broken/f.rpm', content)
  await mkdir(join(b.store, 'broken/dir.gz'))
  await symlink(join(b.store, 'im2-agent/agent.tgz'), join(b.store, 'broken/link.gz'))
  await symlink(join(b.store, 'im2-agent'), join(b.store, 'linked'))
  await symlink('/dev/zero', join(b.store, 'broken/zero.gz'))
  execFileSync('/usr/bin/mkfifo', [join(b.store, 'broken/fifo.gz')])
  await writeFile(join(b.store, 'broken/big.gz'), content)
  await truncate(join(b.store, 'broken/big.gz'), archiveLimitBytes + 1)
  const expected: Record<string, RegExp> = {
    'a.zip': /zip format/,
    'b.gz': /gzip format/,
    'c.txt': /does not end/,
    'd e.gz': /letters, digits/,
    'f.rpm': /links only/,
    'dir.gz': /regular file/,
    'link.gz': /regular file/,
    'zero.gz': /regular file/,
    'fifo.gz': /regular file/,
    'big.gz': /larger than 314572800/,
  }
  await until(
    async () =>
      (await b.rows()).filter(({ directory, refused }) => directory === 'broken' && refused !== '').length ===
      10,
    { message: 'all looked at' },
  )
  for (const { file, refused } of (await b.rows()).filter(({ directory }) => directory === 'broken')) {
    t.match(refused, expected[file], file)
    t.ok(isNotFound(await get(`broken/${encodeURIComponent(file)}`)), file)
  }
  t.ok(isNotFound(await get('linked/agent.tgz')), 'a directory that is a link')
  t.ok(b.logged.some((line) => line.includes('not served') && line.includes('big.gz')))
})

t.test('exactly 300 MiB are served; names of 235 characters are, of 236 not', async (t) => {
  const path = await b.put('limits/full.gz', content)
  await truncate(path, archiveLimitBytes)
  const name = (length: number) => `limits/${'n'.repeat(length - 'limits/'.length - 3)}.gz`
  t.match(await published(name(235), content), { status: 201 })
  t.match(await published(name(236), content), { status: 400, message: /235/ })
  await until(async () => (await b.ask('HEAD', '/download/limits/full.gz')).status === 200, {
    message: 'looked at',
    timeoutMs: 60_000,
  })
  const last = await get('limits/full.gz', { range: 'bytes=-1' })
  t.equal(
    last.headers['content-range'],
    `bytes ${archiveLimitBytes - 1}-${archiveLimitBytes - 1}/${archiveLimitBytes}`,
  )
  await unlink(path)
})

t.test('a link swapped in for a file or directory is never followed', async (t) => {
  await published('swap/a.gz', content)
  const outside = join(b.store, '..', 'outside')
  await mkdir(outside, { recursive: true })
  await writeFile(join(outside, 'a.gz'), gzip(200_000))
  let swapping = true
  const swap = (async () => {
    while (swapping) {
      await rename(join(b.store, 'swap'), join(b.store, 'swap-real'))
      await symlink(outside, join(b.store, 'swap'))
      await unlink(join(b.store, 'swap'))
      await rename(join(b.store, 'swap-real'), join(b.store, 'swap'))
      await rename(join(b.store, 'swap/a.gz'), join(b.store, 'swap/b.gz'))
      await symlink(join(outside, 'a.gz'), join(b.store, 'swap/a.gz'))
      await unlink(join(b.store, 'swap/a.gz'))
      await rename(join(b.store, 'swap/b.gz'), join(b.store, 'swap/a.gz'))
    }
  })()
  const seen = new Map<number, number>()
  for (let n = 0; n < 100; n += 1) {
    const answer = await get('swap/a.gz')
    seen.set(answer.status, (seen.get(answer.status) ?? 0) + 1)
    if (answer.status === 200 && !answer.body.equals(content)) t.fail('bytes from outside')
    // 503: it is there, and changes all the time.
    else if (![200, 404, 503].includes(answer.status)) t.fail(`status ${answer.status}`)
  }
  swapping = false
  await swap
  t.ok((seen.get(200) ?? 0) < 100, `seen ${JSON.stringify([...seen])}`)
})

t.test('links let devices fetch without credentials, so many times', async (t) => {
  const name = { directory: 'im2-agent', file: 'agent.tgz' }
  const { path } = await b.rpc(distributionMessages.createLink, { ...name, expiresInS: 60, uses: 2 })
  const fetchLink = (headers = {}, method = 'GET') => b.ask(method, path, { auth: undefined, headers })
  t.match(await fetchLink({}, 'HEAD'), { status: 200 })
  t.match(await fetchLink({ range: 'bytes=10-' }), { status: 403 }, 'nothing to go on with')
  t.match(await fetchLink({ 'if-none-match': etag }), { status: 304 }, 'nothing sent, nothing counted')
  const both = await Promise.all([fetchLink(), fetchLink(), fetchLink(), fetchLink()])
  t.same(both.map(({ status }) => status).sort(), [200, 200, 403, 403], 'counted atomically')
  t.match(await fetchLink({ range: 'bytes=10-' }), { status: 206 }, 'a resumed download is the same use')
  t.match(await fetchLink(), { status: 403, message: 'Forbidden' })
  t.match(await b.ask('GET', path.replace(/.\/agent/, '_/agent'), { auth: undefined }), { status: 403 })
  t.match(await b.ask('GET', `${path}x`, { auth: undefined }), { status: 403 })
  t.rejects(b.rpc(distributionMessages.createLink, { ...name, file: 'no.gz', expiresInS: 60, uses: 1 }), {
    code: 'DISTRIBUTION_NOT_FOUND',
  })
  const long = await b.rpc(distributionMessages.createLink, { ...name, expiresInS: 1, uses: maxLinkUses })
  await until(async () => (await b.ask('HEAD', long.path, { auth: undefined })).status === 403, {
    message: 'expired',
  })
  t.notOk(
    b.logged.some((line) => line.includes(path.split('/')[3] ?? '')),
    'the token stands in no log',
  )
})

t.test('router software is published when asked for, and given out by links only', async (t) => {
  const rpm = Buffer.from('not an archive')
  t.match(await published('ncs/a.rpm', rpm), { status: 400 })
  t.match(await published('ncs/a.rpm', rpm, '?software=true'), { status: 201 })
  t.ok(isNotFound(await get('ncs/a.rpm')))
  const open = (directory: string, ...files: string[]) =>
    b.rpc(distributionMessages.openRepository, {
      directory,
      files,
      expiresInS: 60,
      reader: 'job 7, router edge1',
    })
  const { path } = await open('ncs', 'a.rpm', 'a.rpm')
  t.match(await b.ask('GET', `${path}/a.rpm`, { auth: undefined }), { status: 200, body: rpm })
  t.match(await b.ask('GET', `${path}/a.rpm`, { auth: undefined }), { status: 403 }, 'once')
  await t.rejects(open('ncs', 'a.rpm', 'absent.rpm', '../a.rpm'), {
    code: 'DISTRIBUTION_NOT_FOUND',
    message: "Distribution 'ncs/absent.rpm', 'ncs/../a.rpm' does not exist.",
  })
  await t.rejects(open('nowhere', 'a.rpm'), { code: 'DISTRIBUTION_NOT_FOUND' })
  const { rows } = await b.rpc(distributionMessages.listActivity, { directory: 'ncs', file: 'a.rpm' })
  t.match(
    rows.find(({ kind }) => kind === 'downloaded'),
    { actor: 'link of job 7, router edge1', bytes: rpm.length, complete: true },
  )
  t.match(await b.ask('GET', `${path}/b.rpm`, { auth: undefined }), { status: 403 }, 'not among its files')
})

t.test('who downloaded what is recorded', async (t) => {
  const activity = async () =>
    (await b.rpc(distributionMessages.listActivity, { directory: 'im2-agent', file: 'agent.tgz' })).rows
  const rows = await activity()
  t.match(rows.at(-1), { kind: 'published', actor: 'root', sha256: sha256(content), bytes: content.length })
  t.match(
    rows.find(({ actor }) => actor === 'vera'),
    { kind: 'downloaded', address: '127.0.0.1', complete: true },
  )
  t.ok(rows.some(({ actor }) => actor === 'link of root'))
  t.notOk(JSON.stringify(rows).includes(password))
})

t.test('another replica and a later start serve the same, without reading anything again', async (t) => {
  const other = await b.start()
  const answer = await b.askAt(other.url, 'GET', '/download/im2-agent/agent.tgz')
  t.match(answer, { status: 200, headers: { etag } })
  const next = gzip(5_000)
  t.match(await b.askAt(other.url, 'PUT', '/api/v1/distributions/im2-agent/agent.tgz', { body: next }), {
    status: 200,
  })
  t.match(
    await get('im2-agent/agent.tgz'),
    { status: 200, headers: { etag: `"${sha256(next)}"` } },
    'at once',
  )
  const row = (await b.rows()).find(({ file }) => file === 'agent.tgz')
  t.match(row, { publishedBy: 'root', sha256: sha256(next), refused: '', version: '' })
  await other.stop()
  t.same(await readdir(join(b.store, '.incoming')), [])
  await utimes(join(b.store, 'im2-agent/agent.tgz'), new Date(), new Date(Date.now() + 86_400_000))
  const future = await until(
    async () => {
      const each = await get('im2-agent/agent.tgz')
      return each.status === 200 && each
    },
    { message: 'looked at again' },
  )
  t.ok(Date.parse(future.headers['last-modified'] ?? '') <= Date.now() + 1_000, 'no date in the future')
})
