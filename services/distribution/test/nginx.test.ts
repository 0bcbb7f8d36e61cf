// Range and conditional requests, each asked of us and of Debian's nginx on the same files. Where the two differ the
// table says how, and why RFC 9110 allows, or wants, what we answer.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, utimes, writeFile } from 'node:fs/promises'
import { type IncomingHttpHeaders, request } from 'node:http'
import { join } from 'node:path'
import { havePrograms, tempDir, until } from '@slipway/test-kit'
import t, { type Test } from 'tap'
import { build, gzip, sha256 } from './support.ts'

interface Outcome {
  status: number
  range: string | undefined
  /** Of the body, if it is (part of) the file. */
  length: number | undefined
  digest: string | undefined
}

interface Asked {
  method?: 'GET' | 'HEAD'
  /** `ETAG` and `DATE` stand for what the server itself says of the file. */
  headers: Record<string, string>
  /** What we answer instead of what nginx does, and why. */
  ours?: { status: number; why: string }
}

type Say = (path: string, method: string, headers: Record<string, string>) => Promise<Heard>
type Heard = { status: number; headers: IncomingHttpHeaders; body: Buffer }

const SIZE = 10_000
const modified = new Date('2026-03-04T05:06:07Z')
const before = 'Tue, 03 Mar 2026 05:06:07 GMT'
const after = 'Thu, 05 Mar 2026 05:06:07 GMT'

const ranges = [
  ...['0-0', '0-1', '0-499', '500-999', '0-', '1-', '9999-', '9999-9999', '-1', '-500', '-10000', '-10001'],
  ...[
    '-99999999999',
    '0-9999',
    '0-10000',
    '0-99999999999',
    '10000-',
    '10000-10001',
    '20000-',
    '00-01',
    '007-9',
  ],
  ...['0 - 1', ' 0-1', '0-1 ', '5-5', '4096-8191', '8192-', '-0'],
].map((range): Asked => ({ headers: { range: `bytes=${range}` } }))

const malformed = 'section 14.2: a malformed Range may be ignored'
const many = 'section 14.2: several ranges may be answered with the whole file'
const unusual: Asked[] = [
  { headers: { range: 'BYTES=0-1' } },
  { headers: { range: 'lines=0-1' } },
  { headers: { range: 'bytes' } },
  { headers: { range: 'bytes 0-1' } },
  { headers: { range: 'bytes=' } },
  { headers: { range: 'bytes=-' }, ours: { status: 200, why: malformed } },
  { headers: { range: 'bytes=a-b' }, ours: { status: 200, why: malformed } },
  { headers: { range: 'bytes=5-2' }, ours: { status: 200, why: malformed } },
  { headers: { range: 'bytes=1-2-3' }, ours: { status: 200, why: malformed } },
  { headers: { range: 'bytes=--1' }, ours: { status: 200, why: malformed } },
  { headers: { range: 'bytes=0-1,5-6' }, ours: { status: 200, why: many } },
  { headers: { range: 'bytes=0-,0-' } },
  { headers: { range: 'bytes=20000-,30000-' }, ours: { status: 200, why: many } },
  { method: 'HEAD', headers: {} },
  {
    method: 'HEAD',
    headers: { range: 'bytes=0-1' },
    ours: { status: 200, why: 'section 14.2: Range is defined for GET only' },
  },
]

const conditions: Asked[] = [
  { headers: {} },
  { headers: { 'if-none-match': 'ETAG' } },
  { headers: { 'if-none-match': 'W/ETAG' } },
  { headers: { 'if-none-match': '*' } },
  { headers: { 'if-none-match': '"other"' } },
  { headers: { 'if-none-match': '"other", ETAG' } },
  { headers: { 'if-none-match': '"other","another"' } },
  { headers: { 'if-none-match': 'ETAG', range: 'bytes=0-1' } },
  { method: 'HEAD', headers: { 'if-none-match': 'ETAG' } },
  { headers: { 'if-modified-since': 'DATE' } },
  { headers: { 'if-modified-since': before } },
  { headers: { 'if-modified-since': after } },
  { headers: { 'if-modified-since': 'yesterday' } },
  { headers: { 'if-modified-since': 'Wednesday, 04-Mar-26 05:06:07 GMT' } },
  { headers: { 'if-modified-since': 'Wed Mar  4 05:06:07 2026' } },
  { method: 'HEAD', headers: { 'if-modified-since': 'DATE' } },
  { headers: { 'if-none-match': '"other"', 'if-modified-since': 'DATE' } },
  { headers: { 'if-none-match': 'ETAG', 'if-modified-since': after } },
  {
    headers: { 'if-none-match': 'ETAG', 'if-modified-since': before },
    ours: { status: 304, why: 'section 13.1.3: If-Modified-Since is ignored beside If-None-Match' },
  },
  { headers: { 'if-match': 'ETAG' } },
  { headers: { 'if-match': '*' } },
  { headers: { 'if-match': '"other"' } },
  { headers: { 'if-match': 'W/ETAG' } },
  { headers: { 'if-match': '"other", ETAG' } },
  { headers: { 'if-match': 'ETAG', range: 'bytes=0-1' } },
  { headers: { 'if-match': '"other"', range: 'bytes=0-1' } },
  { headers: { 'if-unmodified-since': 'DATE' } },
  { headers: { 'if-unmodified-since': after } },
  { headers: { 'if-unmodified-since': before } },
  {
    headers: { 'if-unmodified-since': 'yesterday' },
    ours: { status: 200, why: 'section 13.1.4: a field value that is no date is ignored' },
  },
  {
    headers: { 'if-match': 'ETAG', 'if-unmodified-since': before },
    ours: { status: 200, why: 'section 13.1.4: If-Unmodified-Since is ignored beside If-Match' },
  },
  { headers: { 'if-range': 'ETAG', range: 'bytes=0-1' } },
  { headers: { 'if-range': 'W/ETAG', range: 'bytes=0-1' } },
  { headers: { 'if-range': '"other"', range: 'bytes=0-1' } },
  { headers: { 'if-range': 'DATE', range: 'bytes=0-1' } },
  { headers: { 'if-range': before, range: 'bytes=0-1' } },
  { headers: { 'if-range': after, range: 'bytes=0-1' } },
  { headers: { 'if-range': 'yesterday', range: 'bytes=0-1' } },
  { headers: { 'if-range': 'ETAG', range: 'bytes=20000-' } },
  { headers: { 'if-range': '"other"', range: 'bytes=20000-' } },
]

const table = [...ranges, ...unusual, ...conditions]

if (havePrograms(t, { nginx: 'nginx-light' })) {
  t.test(
    'range and conditional requests are answered as nginx answers them, but for what is listed',
    async (t) => {
      const b = await build({ teardown: (undo) => t.teardown(undo) })
      const content = gzip(SIZE).subarray(0, SIZE)
      const path = await b.put('nginx/a.gz', content)
      await utimes(path, modified, modified)
      await until(async () => (await b.ask('GET', '/download/nginx/a.gz')).status === 200, {
        message: 'picked up',
      })
      const { hostname, port } = new URL(b.url)
      const authorization = `Bearer ${b.token('root')}`
      const us: Say = (path, method, headers) =>
        say({ hostname, port, path, method, headers: { ...headers, authorization } })
      const nginx = await startNginx(t, b.store)
      t.ok(table.length >= 60, `${table.length} requests`)
      for (const asked of table) {
        const name = `${asked.method ?? 'GET'} ${JSON.stringify(asked.headers)}`
        const [ours, theirs] = await Promise.all([
          answerOf(us, asked, content),
          answerOf(nginx, asked, content),
        ])
        if (asked.ours === undefined) {
          t.same(ours, theirs, name)
        } else {
          t.equal(ours.status, asked.ours.status, `${name}: ${asked.ours.why}`)
          t.not(ours.status, theirs.status, `${name}: still another answer than nginx`)
        }
      }
    },
  )
}

async function answerOf(server: Say, { method = 'GET', headers }: Asked, content: Buffer): Promise<Outcome> {
  const path = '/download/nginx/a.gz'
  const { headers: known } = await server(path, 'HEAD', {})
  const filled = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      value.replace('ETAG', known.etag ?? '').replace('DATE', known['last-modified'] ?? ''),
    ]),
  )
  const { status, headers: its, body } = await server(path, method, filled)
  const isFile = status === 200 || status === 206
  if (status === 200 && method === 'GET' && !body.equals(content)) throw new Error('another file')
  return {
    status,
    range: its['content-range'],
    length: isFile ? Number(its['content-length']) : undefined,
    digest: isFile ? sha256(body) : undefined,
  }
}

function say(options: object): Promise<Heard> {
  return new Promise((resolve, reject) => {
    const sent = request({ ...options, agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
      )
    })
    sent.on('error', reject)
    sent.end()
  })
}

/** One process, on a socket of its own. `if_modified_since before` is what RFC 9110 says; exact dates are its default. */
async function startNginx(t: Test, store: string): Promise<Say> {
  const folder = await tempDir(t)
  await mkdir(join(folder, 'temp'))
  const socketPath = join(folder, 'nginx.sock')
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${folder}/temp;`,
  )
  const config = `daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/error.log;
events { worker_connections 64; }
http {
  ${temp.join('\n  ')}
  access_log off; if_modified_since before; sendfile on;
  server { listen unix:${socketPath}; location /download/ { alias ${store}/; } }
}`
  await writeFile(join(folder, 'nginx.conf'), config)
  const child = spawn('nginx', [
    '-p',
    folder,
    '-e',
    join(folder, 'error.log'),
    '-c',
    join(folder, 'nginx.conf'),
  ])
  t.teardown(async () => {
    const ended = once(child, 'exit')
    if (child.exitCode === null && child.kill()) await ended
  })
  const nginx: Say = (path, method, headers) => say({ socketPath, path, method, headers })
  const answers = () =>
    nginx('/download/', 'GET', {}).then(
      () => true,
      () => false,
    )
  await until(answers, { message: 'nginx answers' })
  return nginx
}
