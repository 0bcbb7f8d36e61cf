// `GET /download/<directory>/<file>` and HEAD, and the same below a link. Source: distribution guide, "Get distribution
// (File download)"; REST contract, section 7. Everything is decided before a body is read; every answer but the
// file is the envelope, and none tells of paths.
import type { ServerResponse } from 'node:http'
import {
  createError,
  type DistributionName,
  distributionContentType,
  downloadFailure,
  downloadPrefix,
  isAllowed,
  isSlipwayError,
  parseDistributionPath,
} from '@slipway/contracts'
import { addressOf, type Identify } from '@slipway/service-kit'
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import type { ActivityLog } from '../activity/activity-service.ts'
import type { FileIndex, ServedFile } from '../files/index-service.ts'
import type { IndexedFile } from '../files/indexed-file.ts'
import type { StoreFile } from '../files/store-file.ts'
import { type Links, linkPart } from '../links/link-service.ts'
import type { BufferPool } from './buffer-pool.ts'
import type { DownloadMetrics } from './download-metrics.ts'
import { type Decision, decide, type Representation } from './preconditions.ts'
import type { SmallFiles } from './small-files.ts'
import { type Sent, send, sendContent } from './transfer.ts'

export interface DownloadDeps {
  /** Prepares a scope for authentication. */
  readonly identity: (app: Parameters<FastifyPluginAsync>[0]) => Promise<Identify>
  readonly index: FileIndex
  readonly links: Links
  readonly activity: ActivityLog
  readonly pool: BufferPool
  readonly small: SmallFiles
  readonly stallMs: number
  readonly metrics: DownloadMetrics
}

/** Who may fetch what, and what is to be done before bytes are sent. */
interface Permit {
  readonly name: DistributionName
  readonly actor: string
  readonly byLink: boolean
  /** False if no bytes may be sent (any more). */
  count(start: number): Promise<boolean>
}

/** The routes, with their own authentication and errors. Register them without a prefix. */
export function downloadRoutes(deps: DownloadDeps): FastifyPluginAsync {
  return async (app) => {
    const identify = await deps.identity(app)
    app.setErrorHandler((error, request, reply) => sendFailure(error, request, reply))
    for (const url of [downloadPrefix, `${downloadPrefix}/*`]) {
      app.all(url, {
        onRequest: async (request, reply) => {
          await answer(deps, identify, request, reply)
          return reply
        },
        handler: async () => undefined,
      })
    }
  }
}

async function answer(deps: DownloadDeps, identify: Identify, request: FastifyRequest, reply: FastifyReply) {
  const parts = pathParts(request)
  const isFetched = request.method === 'GET' || request.method === 'HEAD'
  // A link lets fetch, and nothing else.
  const byLink = isFetched ? await permitOfLink(deps, parts) : undefined
  const permit = byLink ?? (await permitOfCaller(identify, request, parts))
  if (!isFetched) throw createError('ROUTE_METHOD_NOT_ALLOWED')
  if (permit === undefined) throw createError('ROUTE_NOT_FOUND')
  const served = await deps.index.open(permit.name, permit.byLink)
  if (served === undefined) throw createError('ROUTE_NOT_FOUND')
  try {
    await serve(deps, request, reply, served, permit)
  } finally {
    served.file.close()
  }
}

/** What stands below the prefix, not decoded, without the query. */
function pathParts({ url }: FastifyRequest): string[] {
  const end = url.search(/[?#]/)
  const path = end < 0 ? url : url.slice(0, end)
  return path.slice(downloadPrefix.length + 1).split('/')
}

/** `link/<token>/<file>`: the token is the credentials. */
async function permitOfLink({ links }: DownloadDeps, parts: readonly string[]): Promise<Permit | undefined> {
  const [first, token = '', part = ''] = parts
  if (first !== linkPart || parts.length !== 3) return undefined
  const [file] = parseDistributionPath([part]) ?? []
  const found = file === undefined ? undefined : await links.find(token, file)
  if (found === undefined) throw createError('AUTH_UNAUTHENTICATED')
  return {
    name: { directory: found.directory, file: found.file },
    actor: `link of ${found.createdBy}`,
    byLink: true,
    count: (start) => links.count(token, found.file, start),
  }
}

/** Undefined if the (authenticated) caller asks for what cannot be a file. */
async function permitOfCaller(
  identify: Identify,
  request: FastifyRequest,
  parts: readonly string[],
): Promise<Permit | undefined> {
  const { caller } = await identify(request)
  if (!isAllowed(caller.privilege, 'read')) throw createError('AUTH_NOT_AUTHORIZED')
  const path = parts.length === 2 ? parseDistributionPath(parts) : undefined
  const [directory, file] = path ?? []
  if (directory === undefined || file === undefined) return undefined
  return { name: { directory, file }, actor: caller.username, byLink: false, count: async () => true }
}

async function serve(
  deps: DownloadDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  { file, known }: ServedFile,
  permit: Permit,
): Promise<void> {
  const representation = representationOf(known, file)
  const decision = decide(request.method, request.headers, representation)
  const common = commonHeaders(known, representation)
  if (!('start' in decision)) return refuse(reply, decision, common, representation)
  const { status, start, end } = decision
  const headers = {
    ...common,
    ...contentHeaders(permit.name),
    'content-length': end - start,
    ...(status === 206 ? { 'content-range': `bytes ${start}-${end - 1}/${representation.size}` } : {}),
  }
  const { raw } = reply
  if (request.method === 'HEAD') {
    reply.hijack()
    return void raw.writeHead(status, headers).end()
  }
  const begin = () => {
    reply.hijack()
    raw.writeHead(status, headers)
    return deps.metrics.begin()
  }
  const sent = await transfer(deps, permit, { file, known, start, end, response: raw, begin })
  const address = addressOf(request)
  const { sha256 } = known
  deps.activity.add({ kind: 'downloaded', name: permit.name, actor: permit.actor, address, sha256, ...sent })
}

interface Body {
  readonly file: StoreFile
  readonly known: IndexedFile
  readonly start: number
  readonly end: number
  readonly response: ServerResponse
  /** Promises the body; call the answer when it has ended. */
  readonly begin: () => (sent: Sent) => void
}

/** Errors: DISTRIBUTION_BUSY, AUTH_UNAUTHENTICATED, both before anything is promised. */
async function transfer(deps: DownloadDeps, permit: Permit, body: Body): Promise<Sent> {
  const { file, known, start, end, response, begin } = body
  const content = await deps.small.contentOf(known, file)
  if (content !== undefined) {
    await countOrRefuse(permit, start)
    return ended(begin(), sendContent(response, content.subarray(start, end), deps.stallMs))
  }
  const buffer = await deps.pool.acquire(BUSY_MS)
  if (buffer === undefined) throw createError('DISTRIBUTION_BUSY')
  await countOrRefuse(permit, start).catch((error: unknown) => {
    deps.pool.release(buffer)
    throw error
  })
  return ended(begin(), send({ file, start, end, response, buffer }, deps))
}

async function countOrRefuse({ count }: Permit, start: number): Promise<void> {
  if (!(await count(start))) throw createError('AUTH_UNAUTHENTICATED')
}

async function ended(done: (sent: Sent) => void, sending: Promise<Sent>): Promise<Sent> {
  const sent = await sending
  done(sent)
  return sent
}

/** How long a download waits for memory before it is told to come again: the answer comes within two seconds. */
const BUSY_MS = 1_000

function representationOf(known: IndexedFile, { stats }: StoreFile): Representation {
  // A date in the future says nothing about when the file changed (RFC 9110, section 8.8.2.1).
  const modifiedS = Math.min(Math.floor(Number(stats.mtimeMs) / 1_000), Math.floor(Date.now() / 1_000))
  return { etag: `"${known.sha256}"`, modifiedS, size: Number(stats.size) }
}

function commonHeaders(known: IndexedFile, { etag, modifiedS }: Representation) {
  return {
    etag,
    'last-modified': new Date(modifiedS * 1_000).toUTCString(),
    'accept-ranges': 'bytes',
    // For its user only, and asked for anew each time: the credentials may have ended.
    'cache-control': 'private, no-cache',
    'repr-digest': `sha-256=:${Buffer.from(known.sha256, 'hex').toString('base64')}:`,
    'x-content-type-options': 'nosniff',
  }
}

/** A name that is served holds nothing that a header could stumble over. */
function contentHeaders({ file }: DistributionName) {
  return {
    'content-type': distributionContentType(file),
    'content-disposition': `attachment; filename="${file}"`,
  }
}

function refuse(
  reply: FastifyReply,
  { status }: Exclude<Decision, { start: number }>,
  common: Record<string, string>,
  { size }: Representation,
): void {
  if (status === 304) {
    reply.hijack()
    reply.raw.writeHead(304, common).end()
    return
  }
  const message = status === 412 ? 'Precondition Failed' : 'Range Not Satisfiable'
  const range = status === 416 ? { 'content-range': `bytes */${size}` } : {}
  sendEnvelope(reply, status, message, { ...range, 'accept-ranges': 'bytes' })
}

/** Answers an error in the guide's words. */
function sendFailure(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const known = isSlipwayError(error) ? error : createError('INTERNAL_UNEXPECTED', [], error)
  const { status, message, headers } = downloadFailure(known)
  if (status === 500) request.log.error({ err: error }, 'a download failed unexpectedly')
  if (reply.raw.headersSent) return void reply.raw.destroy()
  sendEnvelope(reply, status, message, headers)
}

function sendEnvelope(
  reply: FastifyReply,
  status: number,
  message: string,
  headers: Readonly<Record<string, string>>,
): void {
  void reply
    .code(status)
    .headers({ 'cache-control': 'no-store', ...headers })
    .type('application/json; charset=utf-8')
    .send({ api_response: { status: 'FAILED', status_message: message } })
}
