// A gateway that listens on a free port, with services on an in-process bus that answer what a test says.
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { createInProcessBus } from '@slipway/bus'
import {
  authEvents,
  authMessages,
  type Caller,
  createError,
  type Epoch,
  executorEvents,
  executorMessages,
  inventoryMessages,
  type Privilege,
  type ReplyOf,
  type RequestOf,
  type Rpc,
  schedulerMessages,
  tokenAudience,
  tokenIssuer,
} from '@slipway/contracts'
import { createLogger, createMetrics, systemClock } from '@slipway/service-kit'
import type { FastifyPluginAsync } from 'fastify'
import { createDownloadProxy } from '../src/distribution/download-proxy.ts'
import { createPublishProxy } from '../src/distribution/publish-proxy.ts'
import { type GatewayConfig, gatewayService } from '../src/index.ts'
import { createLogProxy } from '../src/install/log-proxy.ts'

type Replies<M extends Record<string, Rpc>> = {
  [K in keyof M]?: (payload: RequestOf<M[K]>) => ReplyOf<M[K]> | Promise<ReplyOf<M[K]>>
}

export interface World {
  auth?: Replies<typeof authMessages>
  inventory?: Replies<typeof inventoryMessages>
  scheduler?: Replies<typeof schedulerMessages>
  executor?: Replies<typeof executorMessages>
  sessionLogs?: FastifyPluginAsync
  /** Session logs come from executors at these URLs instead. */
  executorUrls?: readonly string[]
  /** Distributions come from, and go to, services at these URLs. */
  distributionUrls?: readonly string[]
  /** Services that are away. */
  away?: readonly ('auth' | 'inventory' | 'scheduler' | 'executor')[]
  now?: string
  config?: Partial<GatewayConfig>
}

/** What a fake service was asked. */
export interface Asked {
  subject: string
  payload: unknown
  caller: Caller | undefined
}

export interface Answer {
  status: number
  headers: IncomingHttpHeaders
  text: string
  /** The body as JSON; undefined if it is none. */
  json: unknown
}
export type Row = Readonly<Record<string, unknown>>

export interface Ask {
  /** Basic user and password; `undefined` sends none. Default: the admin. */
  auth?: readonly [string, string] | undefined
  headers?: Record<string, string>
  /** Sent as JSON unless it is a string or bytes. */
  body?: unknown
}

interface Teardown {
  teardown(undo: () => unknown): unknown
}

export const password = 'correct horse battery'
export const admin = ['root', password] as const
const privileges: Record<string, Privilege> = {
  root: 'Admin',
  neta: 'Network Admin',
  olga: 'Operator',
  vera: 'Viewer',
}
export const hostId = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`

/** Names that exist by default. */
export const known = {
  hosts: ['R1', 'R2', 'My Host 1'],
  repositories: ['My_Repository'],
  profiles: ['Test Commands'],
}

/** Starts a gateway for a test. */
export async function build(t: Teardown, world: World = {}) {
  const log = createLogger({ service: 'test', level: 'silent' })
  const hub = createInProcessBus({ log })
  const keys = createKeys()
  const asked: Asked[] = []
  const tables = {
    auth: { messages: authMessages, replies: { ...authDefaults(keys), ...world.auth } },
    inventory: { messages: inventoryMessages, replies: { ...inventoryDefaults, ...world.inventory } },
    scheduler: { messages: schedulerMessages, replies: { ...schedulerDefaults, ...world.scheduler } },
    executor: { messages: executorMessages, replies: { ...world.executor } },
  }
  const authBus = await hub.connect('auth')
  const executorBus = await hub.connect('executor')
  for (const [name, { messages, replies }] of Object.entries(tables)) {
    const service = name as keyof typeof tables
    if (world.away?.includes(service)) continue
    const known = { auth: authBus, executor: executorBus, inventory: undefined, scheduler: undefined }[
      service
    ]
    const bus = known ?? (await hub.connect(service))
    for (const [key, rpc] of Object.entries(messages) as [string, Rpc][]) {
      const answer = (replies as Record<string, ((payload: unknown) => unknown) | undefined>)[key]
      if (answer === undefined) continue
      bus.serve(rpc, async (payload, { caller }) => {
        asked.push({ subject: rpc.subject, payload, caller })
        return answer(payload) as ReplyOf<typeof rpc>
      })
    }
  }
  const now = world.now
  const clock = now === undefined ? systemClock : { ...systemClock, now: () => new Date(now) }
  const bus = await hub.connect('gateway')
  // By default nobody listens there: what needs the distribution service is answered 503.
  const { executorUrls, distributionUrls = ['http://127.0.0.1:9'] } = world
  const gateway = await gatewayService.create({
    bus,
    log,
    clock,
    config: {
      host: '127.0.0.1',
      port: 0,
      readTimeout: 1_900,
      stopGrace: 1_000,
      drain: 0,
      eventStreams: 10,
      ...world.config,
    },
    byteRoutes: {
      sessionLogs: executorUrls
        ? createLogProxy({ bus, executorUrls, log })
        : (world.sessionLogs ?? defaultSessionLogs),
      publishing: () => createPublishProxy({ urls: distributionUrls, log }),
      downloads: (auth) =>
        createDownloadProxy({
          urls: distributionUrls,
          auth,
          log,
          headersTimeoutMs: 1_000,
          secondTryAfterMs: 200,
        }),
    },
    health: { name: 'test', live: () => true, ready: {}, metrics: createMetrics() },
  })
  t.teardown(async () => {
    await gateway.stop()
    await hub.close(100)
  })
  return {
    gateway,
    asked,
    keys,
    ask: (method: string, path: string, options: Ask = {}) => ask(gateway.address, method, path, options),
    /** What the services were asked, by the end of the subject. */
    askedFor: (rpc: Rpc) => asked.filter(({ subject }) => subject === rpc.subject),
    userChanged: (epoch: Epoch) => authBus.publish(authEvents.userChanged, epoch),
    jobsNoted: (jobIds: number[]) => executorBus.publish(executorEvents.jobsNoted, { jobIds }),
    keyRotated: (kid: string) => authBus.publish(authEvents.keyRotated, { kid }),
  }
}

const defaultSessionLogs: FastifyPluginAsync = async (app) => {
  app.get('/install/logs/:id', async (_request, reply) =>
    reply.type('application/zip').send(Buffer.from('PK\u0005\u0006')),
  )
}

function authDefaults(keys: Keys): NonNullable<World['auth']> {
  const check = ({ username, password: given }: { username: string; password: string }): Caller => {
    const privilege = privileges[username.toLowerCase()]
    if (privilege === undefined || given !== password) throw createError('AUTH_UNAUTHENTICATED')
    return { username: username.toLowerCase(), privilege }
  }
  return {
    verifyCredentials: check,
    issueToken: (login) => {
      const { username, privilege } = check(login)
      return { token: keys.token({ sub: username, privilege }), expiresAt: new Date().toISOString() }
    },
    listKeys: () => ({ issuer: tokenIssuer, audience: tokenAudience, keys: keys.list() }),
    listEpochs: () => ({ epochs: [] }),
  }
}

const keyed = (payload: { rows: { name: string }[] }) => ({
  rows: payload.rows.map(({ name }) => ({ key: name })),
})

const inventoryDefaults: NonNullable<World['inventory']> = {
  upsertHosts: ({ rows }) => ({ rows: rows.map(({ hostname }) => ({ key: hostname })) }),
  upsertRegions: keyed,
  upsertJumpHosts: keyed,
  upsertProfiles: keyed,
  upsertRepositories: ({ rows }) => ({
    rows: rows.map(({ name, serverType }) => ({ key: name, serverType: serverType ?? 'SFTP' })),
  }),
  listHosts: ({ page }) => ({ rows: [], page, totalPages: 1 }),
  listRegions: () => ({ rows: [] }),
  listJumpHosts: () => ({ rows: [] }),
  listRepositories: () => ({ rows: [] }),
  listProfiles: () => ({ rows: [] }),
  deleteHost: () => ({}),
  deleteRegion: () => ({}),
  deleteJumpHost: () => ({}),
  deleteRepository: () => ({}),
  deleteProfile: () => ({}),
  refreshHost: () => ({}),
  listPackages: () => ({ packages: [] }),
  listInventory: () => ({ items: [] }),
  resolveNames: ({ hostnames, repositories, profiles }) => ({
    hosts: hostnames
      .filter((hostname) => known.hosts.includes(hostname))
      .map((hostname) => ({ hostname, id: hostId(known.hosts.indexOf(hostname) + 1) })),
    repositories: repositories.filter((name) => known.repositories.includes(name)),
    profiles: profiles.filter((name) => known.profiles.includes(name)),
  }),
}

const schedulerDefaults: NonNullable<World['scheduler']> = {
  createJobs: ({ rows }) => ({ rows: rows.map((_row, index) => ({ id: 134 + index })) }),
  listJobs: ({ page }) => ({ rows: [], ...(page === undefined ? {} : { page, totalPages: 1 }) }),
  deleteJobs: () => ({ rows: [] }),
  resubmitJob: () => ({ hostname: 'R1', action: 'Add' }),
  cancelJob: () => ({ hostname: 'R1', action: 'Add' }),
  listSwitches: () => ({ rows: [{ scope: 'global', target: '', name: '', paused: false, reason: '' }] }),
  setSwitches: ({ rows }) => ({
    rows: rows.map((row) => ({
      switch: row.paused
        ? { reason: '', ...row, pausedBy: 'root', pausedAt: '2016-06-01T12:00:00.000Z' }
        : { ...row, reason: '' },
    })),
  }),
}

interface Keys {
  list(): { kid: string; algorithm: 'ES256'; pem: string }[]
  /** Makes a token; keys of the header and claims can be replaced, undefined removes one. */
  token(claims?: Record<string, unknown>, header?: Record<string, unknown>, key?: KeyObject): string
  rotate(kid: string): void
}

function createKeys(): Keys {
  let kid = 'k1'
  let pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return {
    list: () => [
      { kid, algorithm: 'ES256', pem: pair.publicKey.export({ type: 'spki', format: 'pem' }).toString() },
    ],
    token: (claims = {}, header = {}, key = pair.privateKey) => {
      const iat = Math.floor(Date.now() / 1_000)
      const payload = {
        sub: 'root',
        privilege: 'Admin',
        epoch: 0,
        iat,
        exp: iat + 3_600,
        jti: 'j1',
        iss: tokenIssuer,
        aud: tokenAudience,
        ...claims,
      }
      const input = [{ alg: 'ES256', typ: 'JWT', kid, ...header }, payload]
        .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
        .join('.')
      const signature = sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' })
      return `${input}.${signature.toString('base64url')}`
    },
    rotate: (next) => {
      kid = next
      pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    },
  }
}

/** `Basic …` of a user and a password. */
export const basic = (user: string, secret: string) =>
  `Basic ${Buffer.from(`${user}:${secret}`).toString('base64')}`

function ask(address: string, method: string, path: string, options: Ask): Promise<Answer> {
  const auth = 'auth' in options ? options.auth : admin
  const body = toBody(options.body)
  const headers: Record<string, string> = {
    ...(auth === undefined ? {} : { authorization: basic(...auth) }),
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    ...(body === undefined || isChunked(options) ? {} : { 'content-length': `${body.length}` }),
    ...options.headers,
  }
  const { hostname, port } = new URL(address)
  return new Promise((resolve, reject) => {
    const sent = httpRequest({ hostname, port, method, path, headers, agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8')
        const isJson = response.headers['content-type']?.startsWith('application/json') === true
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text,
          json: isJson && text !== '' ? JSON.parse(text) : undefined,
        })
      })
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

function isChunked({ headers }: Ask): boolean {
  return headers?.['transfer-encoding'] === 'chunked'
}

function toBody(body: unknown): Buffer | undefined {
  if (body === undefined) return undefined
  if (Buffer.isBuffer(body)) return body
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
}

/** Asserts the envelope of a request that failed as a whole. */
export function failed(answer: Answer, status: number, message: string | RegExp): boolean {
  const body = answer.json as { api_response?: Row } | undefined
  const { status: state, status_message: text } = body?.api_response ?? {}
  const isRight = typeof message === 'string' ? text === message : message.test(String(text))
  if (answer.status === status && state === 'FAILED' && isRight) return true
  throw new Error(`expected ${status} ${message}, got ${answer.status} ${answer.text.slice(0, 500)}`)
}

/** The rows under a key of the envelope; the first list without a key. */
export function rowsIn(answer: Answer, key?: string): readonly Row[] {
  const { api_response: lists } = answer.json as { api_response: Record<string, readonly Row[]> }
  return (key === undefined ? Object.values(lists)[0] : lists[key]) ?? []
}
