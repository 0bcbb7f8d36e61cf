// A distribution service with an HTTP server of its own, on a real database and a store in a temporary folder. Who may
// log in is said by a fake auth service on the bus.
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request as httpRequest, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { createInProcessBus } from '@slipway/bus'
import {
  authMessages,
  type Caller,
  createError,
  distributionMessages,
  type Privilege,
  type RequestOf,
  type Rpc,
  tokenAudience,
  tokenIssuer,
} from '@slipway/contracts'
import {
  createFastify,
  createLogger,
  createRegistry,
  loadConfig,
  routableUrl,
  systemClock,
} from '@slipway/service-kit'
import { database, type Teardown } from '@slipway/test-kit'
import { distributionConfig } from '../src/config.ts'
import { distributionService } from '../src/index.ts'

export const password = 'correct horse'
const users: Readonly<Record<string, Privilege>> = { root: 'Admin', neta: 'Network Admin', vera: 'Viewer' }
export const root: Caller = { username: 'root', privilege: 'Admin' }

export interface Answer {
  status: number
  headers: IncomingHttpHeaders
  body: Buffer
  /** The envelope's status_message; undefined if the body is none. */
  message: string | undefined
}

export interface Ask {
  /** A user's name (with the password above), a whole header, or undefined for none. Default: a token of root. */
  auth?: string | undefined
  headers?: OutgoingHttpHeaders
  body?: Buffer | string
}

/** A gzip file with chance in it, so that no two are alike. */
export const gzip = (bytes = 1_000) => gzipSync(randomBytes(bytes))
export const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
/** The smallest zip: no entry. */
export const emptyZip = Buffer.concat([Buffer.from('PK\x05\x06', 'latin1'), Buffer.alloc(18)])

export type Running = Awaited<ReturnType<typeof build>>

/** Starts one for a test. @param env settings, as in the environment */
export async function build(t: Teardown, env: Record<string, string> = {}) {
  const logged: string[] = []
  const log = createLogger({
    service: 'distribution',
    level: 'info',
    destination: { write: (line) => logged.push(line) },
  })
  const db = await database(t, {
    migrationsDir: fileURLToPath(new URL('../prisma/migrations', import.meta.url)),
  })
  const dataDir = await mkdtemp(join(tmpdir(), 'slipway-distribution-'))
  t.teardown(() => rm(dataDir, { recursive: true, force: true }))
  const hub = createInProcessBus({ log })
  t.teardown(() => hub.close())
  const token = await serveAuth(await hub.connect('auth'))
  const bus = await hub.connect('gateway')
  const metrics = createRegistry()
  const store = join(dataDir, 'download')

  async function start() {
    const settings = {
      SLIPWAY_DATA_DIR: dataDir,
      DISTRIBUTION_SETTLE: '50ms',
      DISTRIBUTION_SCAN_INTERVAL: '1s',
      ...env,
    }
    const service = await distributionService.create({
      bus: await hub.connect('distribution'),
      database: db.url,
      log,
      clock: systemClock,
      metrics,
      config: loadConfig(distributionConfig, settings, { prefix: 'DISTRIBUTION' }),
    })
    const app = createFastify({
      log,
      requestTimeoutMs: 0,
      rewriteUrl: (request) => routableUrl(request.url ?? '/', ['/download']),
    })
    app.setErrorHandler((error: Error & { code?: string; kind?: string }, _request, reply) =>
      reply
        .code(error.kind === 'TooLarge' ? 413 : error.kind === 'Unauthenticated' ? 401 : 400)
        .send({ api_response: { status_message: error.message, code: error.code } }),
    )
    await app.register(service.routes)
    const url = await app.listen({ host: '127.0.0.1', port: 0 })
    const stop = async () => {
      app.server.closeAllConnections()
      await app.close()
      await service.stop()
    }
    t.teardown(stop)
    return { service, url, stop }
  }
  const first = await start()
  const bearer = () => `Bearer ${token('root')}`
  return {
    ...first,
    start,
    store,
    logged,
    metrics,
    bus,
    db,
    token,
    ask: (method: string, path: string, options: Ask = {}) => ask(first.url, method, path, bearer(), options),
    askAt: (url: string, method: string, path: string, options: Ask = {}) =>
      ask(url, method, path, bearer(), options),
    rpc: <T extends Rpc>(rpc: T, payload: RequestOf<T>) =>
      bus.request(rpc, payload, rpc.permission === 'internal' ? {} : { caller: root }),
    rows: async () => (await bus.request(distributionMessages.list, {}, { caller: root })).rows,
    /** Puts a file there as an administrator would. */
    async put(path: string, content: Buffer): Promise<string> {
      const whole = join(store, path)
      await mkdir(join(whole, '..'), { recursive: true })
      await writeFile(whole, content)
      return whole
    },
  }
}

type Bus = Awaited<ReturnType<ReturnType<typeof createInProcessBus>['connect']>>

/** Answers for the auth service; makes tokens. */
async function serveAuth(bus: Bus): Promise<(user: string) => string> {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
  bus.serve(authMessages.listKeys, async () => ({
    issuer: tokenIssuer,
    audience: tokenAudience,
    keys: [{ kid: 'k1', algorithm: 'ES256' as const, pem }],
  }))
  bus.serve(authMessages.listEpochs, async () => ({ epochs: [] }))
  bus.serve(authMessages.verifyCredentials, async ({ username, password: given }) => {
    if (username === 'eager') throw createError('AUTH_THROTTLED', [42])
    const privilege = users[username]
    if (privilege === undefined || given !== password) throw createError('AUTH_UNAUTHENTICATED')
    return { username, privilege }
  })
  return (user) => {
    const iat = Math.floor(Date.now() / 1_000)
    const claims = { sub: user, privilege: users[user], epoch: 0, iat, exp: iat + 3_600, jti: 'j' }
    const input = [
      { alg: 'ES256', typ: 'JWT', kid: 'k1' },
      { ...claims, iss: tokenIssuer, aud: tokenAudience },
    ]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.')
    const signature = sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' })
    return `${input}.${signature.toString('base64url')}`
  }
}

export const basic = (user: string, secret = password) =>
  `Basic ${Buffer.from(`${user}:${secret}`).toString('base64')}`

/** Sends a path as it is: no client library that would tidy it up first. */
function ask(url: string, method: string, path: string, token: string, options: Ask): Promise<Answer> {
  const { hostname, port } = new URL(url)
  const given = 'auth' in options ? options.auth : token
  const authorization = given === undefined || given.includes(' ') ? given : basic(given)
  const headers = { ...(authorization === undefined ? {} : { authorization }), ...options.headers }
  return new Promise((resolve, reject) => {
    const sent = httpRequest({ hostname, port, method, path, headers, agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('error', reject)
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => {
        const body = Buffer.concat(chunks)
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body,
          message: messageIn(body),
        })
      })
    })
    sent.on('error', reject)
    sent.end(options.body)
  })
}

function messageIn(body: Buffer): string | undefined {
  try {
    return JSON.parse(body.toString('utf8')).api_response?.status_message
  } catch {
    return undefined
  }
}

/** Sends bytes as they are over a connection and answers everything that came until its end. */
export function raw(url: string, text: string): Promise<string> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(text, 'latin1'))
    let answer = ''
    socket.setTimeout(10_000, () => socket.destroy(new Error('no answer')))
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1')
    })
    socket.on('error', reject)
    socket.on('close', () => resolve(answer))
  })
}

/** A running service with one published file, `im2-agent/agent.tgz`, and short ways to ask for and publish more. */
export async function buildWithAgent(t: Teardown) {
  const b = await build(t)
  const content = gzip(100_000)
  const published = (path: string, body: Buffer, query = '') =>
    b.ask('PUT', `/api/v1/distributions/${path}${query}`, { body })
  await published('im2-agent/agent.tgz', content)
  return {
    b,
    content,
    etag: `"${sha256(content)}"`,
    published,
    get: (path: string, headers = {}) => b.ask('GET', `/download/${path}`, { headers }),
  }
}

export const isNotFound = (answer: Answer) => answer.status === 404 && answer.message === 'Not Found'
