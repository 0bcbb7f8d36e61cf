// The rules of the distribution guide about files of the store, met over HTTP: who puts what there, and what is served of it.
import { execFileSync } from 'node:child_process'
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
import { join } from 'node:path'
import { archiveLimitBytes } from '@slipway/contracts'
import { until } from '@slipway/test-kit'
import t from 'tap'
import { buildWithAgent, emptyZip, gzip, isNotFound, sha256 } from './support.ts'

const { b, content, etag, published, get } = await buildWithAgent({ teardown: (undo) => t.teardown(undo) })

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
