// Answers a request for a file that is open and may be fetched: by RFC 9110 what is sent of it, then the bytes, and what
// became of it into metrics and record.
import type { ServerResponse } from 'node:http'
import { createError } from '@slipway/contracts'
import { addressOf } from '@slipway/service-kit'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ActivityLog } from '../activity/activity-service.ts'
import type { ServedFile } from '../files/opening.ts'
import type { BufferPool } from './buffer-pool.ts'
import type { DownloadMetrics } from './download-metrics.ts'
import { sendEnvelope } from './envelope.ts'
import type { Permit } from './permit.ts'
import { type Decision, decide } from './preconditions.ts'
import { type Described, describe } from './representation.ts'
import type { SmallFiles } from './small-files.ts'
import { type Sent, send, sendContent } from './transfer.ts'

export interface ServeDeps {
  readonly activity: ActivityLog
  readonly pool: BufferPool
  readonly small: SmallFiles
  readonly stallMs: number
  readonly metrics: DownloadMetrics
}

/** Errors: DISTRIBUTION_BUSY, AUTH_UNAUTHENTICATED, both before anything is promised. Does not close the file. */
export async function serve(
  deps: ServeDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  served: ServedFile,
  permit: Permit,
): Promise<void> {
  const described = describe(served.known, served.file)
  const decision = decide(request.method, request.headers, described)
  if (!('start' in decision)) return refuse(reply, decision, described)
  const { status, start, end } = decision
  const headers: Record<string, string | number> = { ...described.content, 'content-length': end - start }
  if (status === 206) headers['content-range'] = `bytes ${start}-${end - 1}/${described.size}`
  const response = reply.raw
  if (request.method === 'HEAD') {
    reply.hijack()
    return void response.writeHead(status, headers).end()
  }
  const begin = () => {
    reply.hijack()
    response.writeHead(status, headers)
    return deps.metrics.begin()
  }
  const sent = await transfer(deps, permit, { served, start, end, response, begin })
  const { sha256 } = served.known
  const { name, actor } = permit
  deps.activity.add({ kind: 'downloaded', name, actor, address: addressOf(request), sha256, ...sent })
}

interface Body {
  readonly served: ServedFile
  readonly start: number
  readonly end: number
  readonly response: ServerResponse
  /** Promises the body; call the answer when it has ended. */
  readonly begin: () => (sent: Sent) => void
}

async function transfer(deps: ServeDeps, permit: Permit, body: Body): Promise<Sent> {
  const { served, start, end, response, begin } = body
  const content = await deps.small.contentOf(served.known, served.file)
  if (content !== undefined) {
    await countOrRefuse(permit, start)
    return ended(begin(), sendContent(response, content.subarray(start, end), deps.stallMs))
  }
  const share = await deps.pool.acquire(BUSY_MS)
  if (share === undefined) throw createError('DISTRIBUTION_BUSY')
  await countOrRefuse(permit, start).catch((error: unknown) => {
    deps.pool.release(share)
    throw error
  })
  return ended(begin(), send({ file: served.file, start, end, response, share }, deps))
}

async function countOrRefuse({ count }: Permit, start: number): Promise<void> {
  if (!(await count(start))) throw createError('AUTH_UNAUTHENTICATED')
}

async function ended(done: (sent: Sent) => void, sending: Sent | Promise<Sent>): Promise<Sent> {
  const sent = await sending
  done(sent)
  return sent
}

/** How long a download waits for memory before it is told to come again: the answer comes within two seconds. */
const BUSY_MS = 1_000

function refuse(
  reply: FastifyReply,
  { status }: Exclude<Decision, { start: number }>,
  { common, size }: Described,
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
