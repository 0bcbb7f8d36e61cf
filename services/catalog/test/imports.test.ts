// Imports of feeds on a real database: what changes, what stays, one at a time, and what outlives a killed process.
import { mkdir, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises'
import { createServer, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { catalogMessages } from '@slipway/contracts'
import { until } from '@slipway/test-kit'
import t from 'tap'
import { feedLimits } from '../src/feed/feed-limits.ts'
import { build, demoFeed, ended, feedXml, type Running, smuXml, writeFeed } from './support.ts'

const feedDir = t.testdir({ outside: {}, feeds: {} })
const feeds = join(feedDir, 'feeds')
const running = await build(t, { feedDir: feeds })
const { ask } = running
const px = { platform: 'asr9k_px', release: '5.3.3', optimal: false }

const { optimal: _, ...of533 } = px
const listed = async ({ ask: question }: Pick<Running, 'ask'> = running) =>
  (await question(catalogMessages.listSoftware, px)).rows?.map(({ name }) => name)

t.test('a feed is imported, and imported again only where its creation date changed', async (t) => {
  const folder = join(feeds, 'px')
  await writeFeed(folder, { 'asr9k_px_5.3.3.xml': feedXml('day 1', smuXml('a') + smuXml('b') + smuXml('c')) })
  const first = await running.import('px')
  t.match(first, {
    source: 'px',
    state: 'completed',
    message: '1 files: 1 imported, 0 unchanged.',
    requestedBy: 'alice',
    files: { listed: 1, done: 1, imported: 1, unchanged: 0, failed: 0 },
    entries: { added: 3, changed: 0, removed: 0, unchanged: 0, skipped: 0 },
  })
  t.ok(first.finishedAt)
  t.same(await listed(), ['a', 'b', 'c'])
  await writeFeed(folder, { 'asr9k_px_5.3.3.xml': feedXml('day 1', 'not even read <') })
  t.match((await running.import(folder)).files, { unchanged: 1, imported: 0, failed: 0 })
  const changed = smuXml('b', '<ddts>x</ddts>') + smuXml('c') + smuXml('d') + smuXml('')
  await writeFeed(folder, { 'asr9k_px_5.3.3.xml': feedXml('day 2', changed) })
  const second = await running.import('./px/../px/')
  t.same(second.entries, { added: 1, changed: 1, removed: 1, unchanged: 1, skipped: 1 })
  t.same(second.skipped, [{ file: 'asr9k_px_5.3.3.xml', line: 6, reason: 'has no name' }])
  t.same(await listed(), ['b', 'c', 'd'], 'the next answer is from the new one')
})

t.test('a bad file changes nothing, the others go on', async (t) => {
  await writeFeed(join(feeds, 'px'), {
    'asr9k_px_5.3.3.xml': `<!DOCTYPE x>${feedXml('day 3', smuXml('secret of the file'))}`,
    'crs_px_5.3.3.xml': feedXml('d', '').replace('asr9k_px', 'crs_px'),
    'ncs6k_5.2.4.xml': 'root:x:0:0',
  })
  await unlink(join(feeds, 'px', 'ncs6k_5.2.4.xml'))
  const done = await running.import('px')
  t.equal(done.state, 'completed')
  t.same(done.files, { listed: 3, done: 3, imported: 1, unchanged: 0, failed: 2 })
  t.same(done.failedFiles, [
    { file: 'asr9k_px_5.3.3.xml', line: 1, reason: 'declares a document type, which is refused' },
    { file: 'ncs6k_5.2.4.xml', reason: 'is not there' },
  ])
  t.notMatch(JSON.stringify(done), /secret/)
  t.same(await listed(), ['b', 'c', 'd'])
  await writeFile(join(feeds, 'px', 'catalog.dat'), 'root:x:0:0:root')
  t.match(await running.import('px'), {
    state: 'failed',
    message: 'catalog.dat names no platform and release.',
  })
  await writeFile(join(feeds, 'px', 'catalog.dat'), '<html>\nsecret_1.2\n</html>\n')
  const page = await running.import('px')
  t.match(page, { state: 'failed', message: 'catalog.dat is no list of platforms and releases.' })
  t.notMatch(JSON.stringify(page), /secret/)
})

t.test('a file that is too large changes nothing, the others go on', async (t) => {
  const folder = join(feeds, 'large')
  await writeFeed(folder, {
    'asr9k_px_5.3.3.xml': feedXml('day 3', smuXml('too-large')),
    'crs_px_5.3.3.xml': feedXml('d2', '').replace('asr9k_px', 'crs_px'),
  })
  // Blanks behind the feed's end, one byte too many.
  const file = join(folder, 'asr9k_px_5.3.3.xml')
  await writeFile(file, Buffer.alloc(feedLimits.fileBytes, ' '), { flag: 'a' })
  const done = await running.import('large')
  t.same(done.files, { listed: 2, done: 2, imported: 1, unchanged: 0, failed: 1 })
  t.same(done.failedFiles, [
    { file: 'asr9k_px_5.3.3.xml', reason: `is larger than ${feedLimits.fileBytes} bytes` },
  ])
  t.same(await listed(), ['b', 'c', 'd'])
  await rm(folder, { recursive: true })
})

t.test('nothing outside of the directory is read', async (t) => {
  const outside = join(feedDir, 'outside')
  await writeFeed(outside, { 'asr9k_px_5.3.3.xml': feedXml('day 9', smuXml('from outside')) })
  await symlink(outside, join(feeds, 'link'))
  await mkdir(join(feeds, 'linked'))
  await symlink(join(outside, 'catalog.dat'), join(feeds, 'linked', 'catalog.dat'))
  const words = /^'.*' is an invalid source: it is no directory below CATALOG_FEED_DIR\.$/
  for (const source of ['../outside', outside, 'link', '/etc', '/', 'nowhere', 'px/catalog.dat', '..']) {
    const refused = ask(catalogMessages.startImport, { source })
    await t.rejects(refused, { code: 'CATALOG_SOURCE_INVALID', message: words }, source)
  }
  for (const source of ['http://169.254.169.254/', 'file:///etc/', 'a\nb']) {
    await t.rejects(ask(catalogMessages.startImport, { source }), { code: 'CATALOG_SOURCE_INVALID' }, source)
  }
  t.match(await running.import('linked'), { state: 'failed', message: 'catalog.dat is not there.' })
  t.same(await listed(), ['b', 'c', 'd'])
})

t.test('a release is replaced in one transaction: what fails at some entry leaves the old one', async (t) => {
  const folder = join(feeds, 'transaction')
  const crs = { platform: 'crs_px', release: '5.3.3', optimal: false }
  const crsXml = (date: string, entries: string) => feedXml(date, entries).replace('asr9k_px', 'crs_px')
  const files = (date: string, px: string) => ({
    'asr9k_px_5.3.3.xml': feedXml(date, px),
    'crs_px_5.3.3.xml': crsXml(date, smuXml(`crs of ${date}`)),
  })
  const many = Array.from({ length: 5 }, (_, n) => smuXml(`n${n}`)).join('')
  await running.sql(
    `CREATE FUNCTION fail_at_n3() RETURNS trigger LANGUAGE plpgsql AS
     $$ BEGIN RAISE EXCEPTION 'not today'; END $$`,
  )
  await running.sql(
    `CREATE TRIGGER fail_at_n3 BEFORE INSERT ON entry FOR EACH ROW WHEN (NEW.name = 'n3')
     EXECUTE FUNCTION fail_at_n3()`,
  )
  const dateOf = async () =>
    running.sql("SELECT creation_date FROM release WHERE platform = 'asr9k_px' AND release = '5.3.3'")
  const before = await dateOf()
  await writeFeed(folder, files('day T', smuXml('b') + smuXml('id-b') + many))
  const failed = await running.import('transaction')
  t.match(failed, { state: 'completed', files: { listed: 2, done: 2, imported: 1, failed: 1 } })
  t.same(failed.failedFiles, [
    {
      file: 'asr9k_px_5.3.3.xml',
      reason: 'met an unexpected error; the log of the catalog service has it',
    },
  ])
  t.same(await listed(), ['b', 'c', 'd'], 'the old list')
  t.same(await dateOf(), before, 'and the old creation date')
  const other = await ask(catalogMessages.listSoftware, crs)
  t.same(
    other.rows?.map(({ name }) => name),
    ['crs of day T'],
    'the release after it is imported',
  )
  const found = await ask(catalogMessages.findSoftware, { ...of533, nameOrId: 'id-b' })
  t.equal(found.name, 'b', 'by its id, as nothing is called so')
  await running.sql('DROP TRIGGER fail_at_n3 ON entry')
  await running.sql('DROP FUNCTION fail_at_n3')
  t.match((await running.import('transaction')).files, { imported: 1, unchanged: 1, failed: 0 })
  t.same(await listed(), ['b', 'id-b', 'n0', 'n1', 'n2', 'n3', 'n4'])
  const named = await ask(catalogMessages.findSoftware, { ...of533, nameOrId: 'id-b' })
  t.equal(named.name, 'id-b', 'a name goes before the id of another')
  await rm(folder, { recursive: true })
})

t.test('one import at a time, across replicas; the same source joins the one that runs', async (t) => {
  await running.replica()
  const waiting: ServerResponse[] = []
  const server = createServer((_request, response) => void waiting.push(response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const address = server.address()
  const source = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/feed`
  const ids = await Promise.all(
    Array.from({ length: 6 }, async () => (await ask(catalogMessages.startImport, { source })).id),
  )
  t.equal(new Set(ids).size, 1)
  const [id = 0] = ids
  t.match(await ask(catalogMessages.findImport, { id }), { state: 'in-progress', source: `${source}/` })
  await t.rejects(ask(catalogMessages.startImport, { source: 'px' }), {
    code: 'CATALOG_IMPORT_RUNNING',
    message: `Import ${id} is in progress. Try again when it has ended.`,
  })
  await until(() => waiting.length > 0, { message: 'it asks for catalog.dat' })
  waiting.shift()?.end('asr9k_px_5.3.3\n')
  await until(() => waiting.length > 0, { message: 'it asks for the file' })
  t.match(await ask(catalogMessages.findImport, { id }), {
    message: 'Reading asr9k_px_5.3.3.xml (1 of 1)',
    files: { listed: 1, done: 0 },
  })
  waiting.shift()?.end(feedXml('day 4', smuXml('over-http')))
  t.equal((await ended(running, id)).state, 'completed')
  t.same(await listed(), ['over-http'])
  await t.rejects(ask(catalogMessages.findImport, { id: 4_711 }), {
    code: 'CATALOG_IMPORT_NOT_FOUND',
    message: "Import '4711' does not exist in the database.",
  })
})

t.test('what a killed process left is shown as failed, and the catalog is whole', async (t) => {
  // As a process leaves it that is killed: in progress, and nobody holds the lock.
  const [left] = await running.sql<{ id: number }>(
    `INSERT INTO feed_import (source, state, message, requested_by, started_at)
     VALUES ('px', 'in-progress', 'Reading', 'alice', now()) RETURNING id`,
  )
  const id = left?.id ?? 0
  await running.replica()
  const row = await ended(running, id)
  t.match(row, { state: 'failed', message: /^The process that ran it ended/ })
  t.same(await listed(), ['over-http'])
  const [again] = await running.sql<{ id: number }>(
    `INSERT INTO feed_import (source, state, message, requested_by, started_at)
     VALUES ('px', 'in-progress', 'Reading', 'alice', now()) RETURNING id`,
  )
  await writeFeed(join(feeds, 'px'), { 'asr9k_px_5.3.3.xml': feedXml('day 5', smuXml('e')) })
  t.equal((await running.import('px')).state, 'completed', 'the next import is not in its way')
  t.equal((await ask(catalogMessages.findImport, { id: again?.id ?? 0 })).state, 'failed')
})

t.test('an import whose lock was lost writes nothing more', async (t) => {
  const waiting: ServerResponse[] = []
  const server = createServer((request, response) => {
    if (request.url === '/catalog.dat') response.end('asr9k_px_5.3.3\n')
    else waiting.push(response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const address = server.address()
  const source = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
  const { id } = await ask(catalogMessages.startImport, { source })
  await until(() => waiting.length > 0, { message: 'it asks for the file' })
  // Another replica saw that nobody held the lock.
  await running.sql("UPDATE feed_import SET state = 'failed', message = 'interrupted' WHERE id = $1", [id])
  waiting.shift()?.end(feedXml('day 6', smuXml('too-late')))
  const free = async () => (await running.import('px')).state
  t.equal(await until(free, { message: 'the lock is free' }), 'completed')
  t.same(await listed(), ['e'])
  t.equal((await ask(catalogMessages.findImport, { id })).message, 'interrupted')
})

t.test('the source that is set is imported at start, once, and then when it is due', async (t) => {
  const folder = t.testdir({})
  await rename(join(feeds, 'px'), join(folder, 'daily'))
  const daily = await build(t, { feedDir: folder, feedSource: 'daily', importInterval: 1_000 })
  const first = await until(() => daily.ask(catalogMessages.findImport, { id: 1 }), { message: 'it begins' })
  t.match(await ended(daily, first.id), { requestedBy: 'system', source: 'daily', state: 'completed' })
  const second = await until(() => daily.ask(catalogMessages.findImport, { id: 2 }), { message: 'it is due' })
  t.match(await ended(daily, second.id), { files: { unchanged: 1 } })
  t.same(await listed(daily), ['e'])
  await rm(folder, { recursive: true })
})

t.test('questions about a release share what is known, and who knows it is told no rows', async (t) => {
  await running.stop()
  const demo = await build(t, { cachedEntries: 10, feedDir: demoFeed })
  t.match(await demo.import('.'), {
    state: 'completed',
    files: { listed: 9, imported: 9 },
    entries: { skipped: 0 },
  })
  const { version, rows = [] } = await demo.ask(catalogMessages.listSoftware, { ...px, optimal: true })
  t.ok(rows.length > 0)
  t.same(await demo.ask(catalogMessages.listSoftware, { ...px, known: version }), { version })
  t.ok((await demo.ask(catalogMessages.listSoftware, { ...px, known: '0.0' })).rows)
  const all = await Promise.all(
    ['5.3.3', '6.0.0', '6.1.4', '5.3.3'].map((release) =>
      demo.ask(catalogMessages.listSoftware, { ...px, release }),
    ),
  )
  t.same(all[0]?.rows, all[3]?.rows, 'also where not all fit into memory')
})

t.test('imports and what is in memory are counted', async (t) => {
  const folder = t.testdir({ feed: {} })
  const { metrics, ...counted } = await build(t, { feedDir: folder })
  const sample = async (name: string, label?: string) => {
    const values = (await metrics.getSingleMetric(`slipway_catalog_${name}`)?.get())?.values ?? []
    return values.find(({ labels }) => label === undefined || Object.values(labels).includes(label))?.value
  }
  t.equal(await sample('last_import_timestamp_seconds'), 0, 'none yet')
  await writeFeed(join(folder, 'feed'), { 'asq.xml': 'no feed' })
  t.equal((await counted.import('feed')).state, 'failed')
  await writeFeed(join(folder, 'feed'), {
    'asr9k_px_5.3.3.xml': feedXml('1', smuXml('a') + smuXml('b') + smuXml('')),
  })
  const { state, finishedAt = '' } = await counted.import('feed')
  t.equal(state, 'completed')
  for (let question = 0; question < 3; question += 1) await counted.ask(catalogMessages.listSoftware, px)
  t.same(
    {
      completed: await sample('imports_total', 'completed'),
      failed: await sample('imports_total', 'failed'),
      added: await sample('import_entries_total', 'added'),
      skipped: await sample('import_entries_total', 'skipped'),
      miss: await sample('release_reads_total', 'miss'),
      hit: await sample('release_reads_total', 'hit'),
    },
    { completed: 1, failed: 1, added: 2, skipped: 1, miss: 1, hit: 2 },
  )
  const page = await metrics.metrics()
  t.match(page, /^slipway_catalog_import_seconds_count 2$/m)
  const other = await counted.replica()
  t.equal(await sample('last_import_timestamp_seconds'), Date.parse(finishedAt) / 1_000, 'in any replica')
  await other.stop()
})
