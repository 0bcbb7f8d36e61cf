// The rules of the distribution guide, met over HTTP: who may fetch what, and how.
import { once } from 'node:events'
import { connect } from 'node:net'
import { distributionMessages, maxLinkUses } from '@slipway/contracts'
import { hostilePaths, until } from '@slipway/test-kit'
import t from 'tap'
import { basic, buildWithAgent, gzip, isNotFound, password, raw, sha256 } from './support.ts'

const { b, content, etag, published, get } = await buildWithAgent({ teardown: (undo) => t.teardown(undo) })

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
  // Names that others might take for that of the file.
  const others = ['im2-agent/agent.tgz.', 'IM2-AGENT/agent.tgz', 'proc/self']
  for (const path of [...hostilePaths('im2-agent'), ...others]) {
    t.ok(isNotFound(await get(path)), path.slice(0, 60))
  }
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
