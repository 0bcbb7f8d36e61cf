// REST contract, section 6, and the import of section 8. The feed is the demo's; what it must answer was worked out by
// hand and stands in services/catalog/test/answers.md, which is read here.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { until } from '@slipway/test-kit'
import type { Test } from 'tap'
import { repositoryRoot } from '../harness/child.ts'
import { feedDir } from '../harness/shared.ts'
import { type Answer, basic, listOf, type Row, refused, type World } from './world.ts'

const importKeys = [
  ...['id', 'source', 'status', 'status_message', 'created_by', 'start_time', 'finish_time'],
  ...['files_listed', 'files_done', 'files_imported', 'files_unchanged', 'files_failed'],
  ...['entries_new', 'entries_changed', 'entries_removed', 'entries_unchanged', 'entries_skipped'],
  ...['skipped_list', 'failed_file_list'],
]

export async function catalog(t: Test, world: World): Promise<void> {
  await t.test('before any import there is nothing, and that is said', async (t) => {
    t.same((await world.get('/cco/catalog')).body, { api_response: {} })
    refused(
      t,
      await world.get('/cco/software?platform=asr9k_px&release=5.3.3'),
      400,
      'Unable to get software information for platform asr9k_px and release 5.3.3',
    )
    refused(t, await world.get('/cco/software/x?platform=asr9k_px&release=5.3.3'), 404, 'Unable to locate x')
  })
  await t.test('a feed is imported: 202 with an id, then progress and counts', async (t) => {
    const done = await importFeed(t, world, 'catalog')
    t.same(Object.keys(done).sort(), [...importKeys].sort())
    t.match(done, {
      source: 'catalog',
      status: 'completed',
      status_message: '9 files: 9 imported, 0 unchanged.',
      created_by: 'root',
      start_time: / GMT$/,
      finish_time: / GMT$/,
      files_listed: 9,
      files_done: 9,
      entries_skipped: 0,
      skipped_list: [],
      failed_file_list: [],
    })
    t.match(await importFeed(t, world, join(feedDir, 'catalog')), { files_imported: 0, files_unchanged: 9 })
  })
  await t.test('the answers worked out by hand', async (t) => {
    const questions = readAnswers()
    t.ok(questions.length >= 40, `${questions.length} questions`)
    for (const { question, answer } of questions) {
      t.equal(written(question, answer, await world.get(`/cco${question}`)), answer, question)
    }
  })
  await t.test('samples of the guide, key by key', samples(world))
  await t.test('who may import, and what is no source', importRules(world))
}

function samples(world: World) {
  return async (t: Test) => {
    const list = listOf(await world.get('/cco/software?platform=asr9k_px&release=5.3.3'))
    t.same(
      list.find(({ id }) => id === 'AA11833'),
      {
        impact: 'Hitless',
        package_bundles: 'asr9k-mpls-px',
        compressed_image_size: '216967',
        posted_date: '08/08/2016 12:57:37 PDT',
        composite_DDTS: '',
        functional_areas: 'SNMP',
        superseded_by: '',
        supersedes: '',
        name: 'asr9k-px-5.3.3.CSCva29114',
        prerequisites: '',
        ddts: 'CSCva29114',
        status: 'Posted',
        uncompressed_image_size: '633293',
        type: 'Optional',
        id: 'AA11833',
        description: 'SNMP mplsL3VpnVrfRteInetCidrProto Error: OID not increasing',
      },
    )
    const of = '?platform=asr9k_px&release=5.3.3'
    const entry = await world.get(`/cco/software/asr9k-px-5.3.3.CSCuz05961${of}`)
    const names =
      'CSCtz68435,CSCux32820,CSCuv63743,CSCuy75598,CSCuy47708,CSCuy71556,CSCux20499,CSCuy32183,CSCux85576'
    t.same(entry.body, {
      api_response: {
        composite_DDTS: '',
        compressed_image_size: '113616329',
        ddts: 'CSCuz05961',
        description: 'Link Flaps : Adaptive FEC control algorithm not working in 4x10GE',
        functional_areas: 'ETHER',
        id: 'AA11308',
        impact: 'Needs Reboot',
        name: 'asr9k-px-5.3.3.CSCuz05961',
        package_bundles: 'asr9k-mini-px',
        posted_date: '04/27/2016 21:39:38 PDT',
        prerequisites: 'asr9k-px-5.3.3.CSCux24553',
        prerequisites_smu_ids: 'AA11262',
        status: 'Posted',
        superseded_by: '',
        superseded_by_smu_ids: '',
        supersedes: names.replace(/CSC/g, 'asr9k-px-5.3.3.CSC'),
        supersedes_smu_ids: 'AA11011,AA11051,AA11161,AA11159,AA11117,AA11223,AA10928,AA11036,AA10944',
        type: 'Optional',
        uncompressed_image_size: '181961047',
      },
    })
    const again = await world.get('/cco/software?platform=asr9k_px&release=5.3.3')
    t.match(again.headers.get('content-type'), /^application\/json/, 'also where it was answered before')
    t.same(listOf(again), list)
    for (const path of ['/cco/catalog', `/cco/software${of}`, '/cco/import/1']) {
      t.equal((await world.ask('GET', path, { authorization: null })).status, 401, path)
    }
    t.equal((await world.ask('DELETE', '/cco/catalog')).status, 405)
    refused(t, await world.get('/cco/catalog?x=1'), 400, "Following parameter, 'x', is not allowed.")
  }
}

function importRules(world: World) {
  return async (t: Test) => {
    const password = 'a-password-for-cco'
    for (const privilege of ['Operator', 'Viewer', 'Network Admin']) {
      const username = `cco-${privilege.replace(' ', '-')}`
      await world.rows('POST', '/users', { username, password, privilege, active: true })
      const authorization = basic(username, password)
      const answer = await world.ask('POST', '/cco/import', { body: { source: 'catalog' }, authorization })
      t.equal(answer.status, privilege === 'Network Admin' ? 202 : 401, privilege)
      t.equal((await world.ask('GET', '/cco/catalog', { authorization })).status, 200, `${privilege} reads`)
      if (answer.status === 202) await ended(world, idOf(answer))
    }
    const noDirectory = 'it is no directory below CATALOG_FEED_DIR.'
    for (const source of ['..', '/etc', 'nowhere', '../../../etc', '/']) {
      const answer = await world.post('/cco/import', { source })
      refused(t, answer, 400, `'${source}' is an invalid source: ${noDirectory}`)
    }
    for (const source of ['http://169.254.169.254/latest', 'http://[fe80::1]/', 'http://0xa9fea9fe/']) {
      refused(t, await world.post('/cco/import', { source }), 400, /its address is refused\.$/)
    }
    refused(
      t,
      await world.post('/cco/import', { source: 'ftp://x/' }),
      400,
      /neither an HTTP nor an HTTPS URL\.$/,
    )
    refused(t, await world.post('/cco/import', { source: '' }), 400, "Missing JSON key: 'source'.")
    refused(t, await world.post('/cco/import', { source: 5 }), 400, "'source' must be a string.")
    refused(t, await world.post('/cco/import', { from: 'x' }), 400, "The following key, 'from', is invalid.")
    t.equal((await world.post('/cco/import', [])).status, 400)
    t.equal((await world.post('/cco/import', [{}, {}])).status, 400)
    for (const id of ['4711', '0', 'x', '99999999999']) {
      refused(t, await world.get(`/cco/import/${id}`), 404, `Import '${id}' does not exist in the database.`)
    }
    const usual = await world.post('/cco/import', {})
    t.equal(usual.status, 202, 'without a source: the one that is set')
    t.match(await ended(world, idOf(usual)), { source: '.', created_by: 'root' })
    const nowhere = await world.post('/cco/import', { source: 'http://127.0.0.1:1/feed' })
    t.match(await ended(world, idOf(nowhere)), {
      status: 'failed',
      status_message: 'catalog.dat could not be fetched.',
    })
    t.ok(Object.keys((await world.get('/cco/catalog')).body.api_response).length > 0, 'what was there stays')
  }
}

async function importFeed(t: Test, world: World, source: string): Promise<Row> {
  const answer = await world.post('/cco/import', { source })
  t.equal(answer.status, 202)
  t.same(answer.body, { api_response: { status: 'SUCCESS', id: idOf(answer) } })
  return ended(world, idOf(answer))
}

function idOf({ body, text }: Answer): number {
  const { id } = body.api_response
  if (typeof id !== 'number') throw new Error(`no id in ${text}`)
  return id
}

function ended(world: World, id: number): Promise<Row> {
  const look = async () => {
    const { body } = await world.get(`/cco/import/${id}`)
    return body.api_response['status'] === 'in-progress' ? undefined : body.api_response
  }
  return until(look, { message: `import ${id} has ended`, timeoutMs: 30_000 })
}

/** Rows of the tables: `| \`question\` | answer | because |`. */
function readAnswers(): { question: string; answer: string }[] {
  const page = readFileSync(join(repositoryRoot, 'services/catalog/test/answers.md'), 'utf8')
  return [...page.matchAll(/^\| `(\/[^`]*)` +\| (.*?) +\|/gm)].map(([, question = '', answer = '']) => ({
    question,
    answer,
  }))
}

/** An answer as the page writes it. @param expected tells which keys of an entry are looked at */
function written(question: string, expected: string, { status, body }: Answer): string {
  const answer = body.api_response
  if (status !== 200) return `${status} ${answer['status_message']}`
  if (question === '/catalog') {
    return Object.entries(answer)
      .map(([platform, releases]) => `${platform}=${String(releases)}`)
      .join('; ')
  }
  const { software_list: list } = answer as { software_list?: Row[] }
  if (question.startsWith('/get_optimized_software')) {
    return (list ?? []).map((row) => `${row['is']} ${row['software_package']}`).join('; ')
  }
  if (list !== undefined) return list.map(({ name }) => String(name).split('.').at(-1)).join(', ')
  return expected
    .split('; ')
    .map((pair) => pair.slice(0, pair.indexOf('=')))
    .map((key) => `${key}=${answer[key]}`)
    .join('; ')
}
