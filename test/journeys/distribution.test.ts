// Distributions as agents meet them: plain curl and wget against a running Slipway, in the shape that is chosen.
import { execFile } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFile, truncate, writeFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { havePrograms, until } from '@slipway/test-kit'
import t, { type Test } from 'tap'
import { makeDataDir } from '../harness/data-dir.ts'
import { heldFetchAt } from '../harness/described.ts'
import { pidsOf, residentMib } from '../harness/resident.ts'
import { type OpenSlipway, openSlipway } from '../harness/shared.ts'

const run = promisify(execFile)
const content = gzipSync(randomBytes(3_000_000))
const sha256 = createHash('sha256').update(content).digest('hex')

if (havePrograms(t, { curl: 'curl', wget: 'wget' })) {
  t.test('distributions', async (t) => {
    const { path, remove } = await makeDataDir()
    const slipway = await openSlipway()
    t.teardown(async () => {
      await slipway.close()
      await remove()
    })
    await journey(t, slipway, path)
  })
}

interface Activity {
  kind: string
  bytes: number
  complete: boolean
}

/** Asks for the large file and takes nothing but the first bytes. */
async function startReading(download: string, authorization: string): Promise<Socket> {
  const { hostname, port, pathname } = new URL(download.replace('agent.tgz', 'large.gz'))
  const socket = connect(Number(port), hostname)
  socket.write(`GET ${pathname} HTTP/1.1\r\nHost: slow\r\nAuthorization: ${authorization}\r\n\r\n`)
  const [first] = await once(socket, 'data')
  socket.pause()
  if (!String(first).startsWith('HTTP/1.1 200')) throw new Error(`answered ${first}`)
  return socket
}

async function journey(t: Test, { url, password, api, child }: OpenSlipway, folder: string) {
  const file = join(folder, 'agent.tgz')
  await writeFile(file, content)
  const place = `${url}/api/v1/distributions/im2-agent/agent.tgz`
  const download = `${url}/download/im2-agent/agent.tgz`
  const login = ['-u', `root:${password}`]
  const curl = async (...args: string[]) => (await run('curl', ['-s', '--max-time', '60', ...args])).stdout
  const status = (...args: string[]) => curl('-o', '/dev/null', '-w', '%{http_code}', ...args)
  const target = join(folder, 'fetched.tgz')

  await t.test('are published with curl, which asks before it sends', async (t) => {
    t.equal(await status(...login, '-T', file, place), '201')
    t.equal(await status(...login, '-T', file, '-H', 'Expect: 100-continue', place), '200')
    t.equal(await status('-T', file, '-H', 'Expect: 100-continue', place), '401')
    t.equal(await status(...login, '-T', file, place.replace('.tgz', '.zip')), '400')
    t.equal(await status(...login, '-T', file, place.replace('im2-agent', 'jp1_agent')), '400')
    t.equal(await status(...login, '-T', file, place.replace('agent.tgz', '..%2fagent.tgz')), '400')
    const rows = await api.ok<{ distribution_list: object[] }>('GET', '/distributions')
    t.match(rows.distribution_list, [
      { directory: 'im2-agent', file: 'agent.tgz', sha256, published_by: 'root' },
    ])
  })

  await t.test('are fetched with curl and wget, which go on where they stopped', async (t) => {
    await curl(...login, '-f', '-o', target, download)
    t.ok((await readFile(target)).equals(content))
    await truncate(target, 1_000_000)
    await curl(...login, '-f', '-C', '-', '-o', target, download)
    t.ok((await readFile(target)).equals(content), 'curl -C -')
    await truncate(target, 1_234_567)
    await run('wget', [
      '-q',
      '-c',
      '--auth-no-challenge',
      '--user',
      'root',
      '--password',
      password,
      '-O',
      target,
      download,
    ])
    t.ok((await readFile(target)).equals(content), 'wget -c')
  })

  await t.test('are kept from others, with 403 and 404', async (t) => {
    t.equal(await status(download), '403')
    t.match(await curl(download), /"status_message":"Forbidden"/)
    for (const path of [
      'im2-agent/none.tgz',
      'im2-agent/..%2fagent.tgz',
      '%2e%2e/%2e%2e/etc/passwd',
      'a%zz/b',
    ]) {
      t.equal(await status(...login, '--path-as-is', `${url}/download/${path}`), '404', path)
      t.equal(await status('--path-as-is', `${url}/download/${path}`), '403', path)
    }
    for (const path of ['link//x', 'link/a/%zz', 'link/a/.x', 'link/a/b']) {
      t.equal(await status('--path-as-is', `${url}/download/${path}`), '403', path)
    }
    t.equal(await status('-X', 'POST', `${url}/download/link/a/b`), '403')
    t.equal(await status(...login, '-X', 'POST', `${url}/download/link/a/b`), '405')
    t.equal(await status(...login, '-X', 'POST', download), '405')
    const head = await curl(...login, '-I', '-H', 'Accept: text/html', download)
    t.match(head, new RegExp(`etag: "${sha256}"`, 'i'))
    t.match(head, /content-type: application\/x-gzip/i)
    t.equal(await status(...login, '-H', `If-None-Match: "${sha256}"`, download), '304')
    t.equal(await status(...login, '-r', '99999999-', download), '416')
  })

  await t.test('are answered as the API describes it, each status once', async (t) => {
    const held = heldFetchAt(url)
    const authorization = `Basic ${Buffer.from(`root:${password}`).toString('base64')}`
    const put = async (body: Buffer) =>
      (
        await held('/api/v1/distributions/im2-agent/held.tgz', {
          method: 'PUT',
          headers: { authorization },
          body,
        })
      ).status
    t.same([await put(content), await put(content), await put(Buffer.from('no gzip'))], [201, 200, 400])
    const cases: [number, string, Record<string, string>][] = [
      [200, 'held.tgz', {}],
      [206, 'held.tgz', { range: 'bytes=1000-' }],
      [304, 'held.tgz', { 'if-none-match': `"${sha256}"` }],
      [404, 'none.tgz', {}],
      [412, 'held.tgz', { 'if-match': '"another"' }],
      [416, 'held.tgz', { range: 'bytes=99999999-' }],
    ]
    for (const [expected, name, headers] of cases) {
      const answer = await held(`/download/im2-agent/${name}`, { headers: { authorization, ...headers } })
      t.equal(answer.status, expected)
      await answer.arrayBuffer()
    }
    t.equal((await held('/download/im2-agent/held.tgz')).status, 403)
    await api.ok('DELETE', '/distributions/im2-agent/held.tgz')
  })

  await t.test('are reached by links without credentials, once', async (t) => {
    const { url: link } = await api.ok<{ url: string }>('POST', '/distributions/im2-agent/agent.tgz/links', {
      uses: 1,
    })
    t.ok(link.startsWith(`${url}/download/link/`))
    t.equal(await status(link), '200')
    t.equal(await status(link), '403')
  })

  await t.test('have links only within their bounds', async (t) => {
    const links = '/distributions/im2-agent/agent.tgz/links'
    const week = 7 * 24 * 3_600
    for (const body of [{ expires_in: 1 }, { expires_in: week, uses: 1_000 }, {}]) {
      t.match(await api.call('POST', links, body), { status: 200 }, JSON.stringify(body))
    }
    const wrong = [
      ...[0, -1, 1.5, week + 1, '60', true, [60], {}].map((expires_in) => ({ expires_in })),
      ...[0, -1, 1.5, 1_001, '1', [1]].map((uses) => ({ uses })),
      { file: 'other.tgz' },
      [{ uses: 1 }, { uses: 1 }],
      [7],
    ]
    for (const body of wrong) {
      const answer = await api.call('POST', links, body)
      t.match(answer, { status: 400, body: { api_response: { status: 'FAILED' } } }, JSON.stringify(body))
    }
    t.equal((await api.call('POST', links.replace('agent.tgz', 'none.tgz'), {})).status, 404)
  })

  await t.test('do not wait for 300 agents that take nothing', async (t) => {
    const large = join(folder, 'large.gz')
    const size = 64 * 1_048_576
    await writeFile(large, content.subarray(0, 10))
    await truncate(large, size)
    t.equal(await status(...login, '-T', large, place.replace('agent.tgz', 'large.gz')), '201')
    const token = `Bearer ${(await api.call<{ token: string }>('GET', '/token')).body.token}`
    const ended = async () => {
      const path = '/distributions/im2-agent/large.gz/activity'
      const { activity_list: all } = await api.ok<{ activity_list: Activity[] }>('GET', path)
      return all.filter(({ kind }) => kind === 'downloaded')
    }
    const processes = pidsOf(child, ['gateway', 'distribution'])
    const resident = () => processes.map(([kind, pids]) => ({ kind, mib: residentMib(pids) }))
    const before = resident()
    const started = performance.now()
    const slow = await Promise.all(Array.from({ length: 300 }, () => startReading(download, token)))
    t.comment(`the last of them has its head after ${Math.round(performance.now() - started)} ms`)
    await curl(...login, '-f', '-o', target, download)
    t.ok((await readFile(target)).equals(content), 'the 301st gets all of it')
    t.same(await ended(), [], 'while the service has ended none of the 300')
    t.equal(slow.filter((socket) => !socket.destroyed && socket.isPaused()).length, 300)
    t.ok(slow.every(({ bytesRead }) => bytesRead < size / 2))
    for (const [n, { kind, mib }] of resident().entries()) {
      t.comment(`${kind}: RSS +${Math.round(mib - (before[n]?.mib ?? 0))} MiB, ${Math.round(mib)} in all`)
    }
    for (const socket of slow) socket.destroy()
    const transfers = await until(async () => (await ended()).length === 300 && (await ended()), {
      message: 'all are on record',
    })
    t.ok(transfers.every(({ complete }) => !complete))
    const sent = transfers.reduce((sum, { bytes }) => sum + bytes, 0)
    t.comment(`${Math.round(sent / 300 / 1_024)} KiB sent to each`)
    // What the service has sent and no agent has taken stands in between: buffers of the system, not the files.
    t.ok(sent < (300 * size) / 4, `${sent} bytes sent`)
    await api.ok('DELETE', '/distributions/im2-agent/large.gz')
  })

  await t.test('are deleted', async (t) => {
    await api.ok('DELETE', '/distributions/im2-agent/agent.tgz')
    t.equal(await status(...login, download), '404')
    t.equal((await api.call('DELETE', '/distributions/im2-agent/agent.tgz')).status, 404)
  })
}
