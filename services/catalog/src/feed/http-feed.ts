// A feed over HTTP(S). Redirects are followed by hand, so that every step is checked like the first; sizes and times are
// bounded; proxies of the environment are not used, as they would connect in our place to what we refuse.
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { createError } from '@slipway/contracts'
import {
  guardedLookup,
  isRefusedAddress,
  isRefusedHost,
  REFUSED_ADDRESS,
  type Resolver,
} from './address-guard.ts'
import { feedFailure, isFeedFailure } from './feed-failure.ts'
import type { FeedSource } from './feed-files.ts'

export interface HttpFeedOptions {
  /** How long a server may be silent. */
  readonly idleTimeoutMs: number
  /** How long one file may take. */
  readonly fileTimeoutMs: number
  /** Stops what is under way. */
  readonly signal?: AbortSignal
  /** For tests; default: the system's. */
  readonly resolveName?: Resolver
}

const MAX_REDIRECTS = 5
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])
const REFUSED = 'leads to an address that is refused'

/** The base of a feed. Error: CATALOG_SOURCE_INVALID. A password in a URL would be stored and shown: it is refused. */
export function parseBase(given: string): URL {
  const invalid = (reason: string) =>
    createError('CATALOG_SOURCE_INVALID', [withoutCredentials(given), reason])
  if (!URL.canParse(given)) throw invalid('it is not a URL.')
  const url = new URL(given)
  if (!isHttp(url)) throw invalid('it is neither an HTTP nor an HTTPS URL.')
  if (url.username !== '' || url.password !== '') throw invalid('it must not hold credentials.')
  if (url.search !== '' || url.hash !== '') throw invalid('it must be a base without query and fragment.')
  if (isRefusedHost(url.hostname)) throw invalid('its address is refused.')
  if (!url.pathname.endsWith('/')) url.pathname += '/'
  return url
}

/** Files below a base. */
export function createHttpFeed(base: URL, options: HttpFeedOptions): FeedSource {
  return { open: (file) => download(new URL(encodeURIComponent(file), base), options) }
}

async function* download(first: URL, options: HttpFeedOptions): AsyncGenerator<Uint8Array> {
  const limit = AbortSignal.timeout(options.fileTimeoutMs)
  const signal = options.signal === undefined ? limit : AbortSignal.any([options.signal, limit])
  try {
    const response = await follow(first, options, signal)
    try {
      for await (const chunk of response) yield chunk
    } finally {
      response.destroy()
    }
  } catch (error) {
    options.signal?.throwIfAborted()
    if (isFeedFailure(error)) throw error
    if (limit.aborted) throw feedFailure('did not arrive in time')
    throw feedFailure(codeOf(error) === REFUSED_ADDRESS ? REFUSED : 'could not be fetched')
  }
}

async function follow(first: URL, options: HttpFeedOptions, signal: AbortSignal): Promise<IncomingMessage> {
  let url = first
  for (let step = 0; step <= MAX_REDIRECTS; step += 1) {
    const response = await get(url, options, signal)
    const { statusCode = 0, headers } = response
    if (statusCode === 200) {
      if ((headers['content-encoding'] ?? 'identity') === 'identity') return response
      response.destroy()
      throw feedFailure('came in a Content-Encoding that was not asked for')
    }
    response.destroy()
    if (!REDIRECTS.has(statusCode)) throw feedFailure(`was answered with status ${statusCode}`)
    url = nextUrl(headers.location, url)
  }
  throw feedFailure('is redirected too often')
}

function nextUrl(location: string | undefined, from: URL): URL {
  if (location === undefined || !URL.canParse(location, from.href)) {
    throw feedFailure('is redirected to nowhere')
  }
  const url = new URL(location, from)
  if (!isHttp(url)) throw feedFailure('is redirected to what is no HTTP URL')
  if (from.protocol === 'https:' && url.protocol === 'http:') {
    throw feedFailure('is redirected from HTTPS to HTTP')
  }
  return url
}

function get(url: URL, options: HttpFeedOptions, signal: AbortSignal): Promise<IncomingMessage> {
  if (isRefusedHost(url.hostname)) throw feedFailure(REFUSED)
  const request = url.protocol === 'https:' ? httpsRequest : httpRequest
  return new Promise((resolve, reject) => {
    const sent = request(url, {
      signal,
      agent: false,
      timeout: options.idleTimeoutMs,
      lookup: guardedLookup(options.resolveName),
      headers: { accept: '*/*', 'accept-encoding': 'identity', 'user-agent': 'Slipway' },
    })
    sent.on('socket', (socket) =>
      socket.once('connect', () => {
        // What is connected to, whoever resolved it: the last word.
        if (isRefusedAddress(socket.remoteAddress ?? '')) sent.destroy(feedFailure(REFUSED))
      }),
    )
    const late = () => feedFailure('did not arrive in time')
    sent.on('timeout', () => sent.destroy(late()))
    sent.on('error', reject)
    sent.on('response', (response) => {
      // From now on who reads the response is told, not who asked.
      sent.prependListener('timeout', () => response.destroy(late()))
      resolve(response)
    })
    sent.end()
  })
}

function isHttp({ protocol }: URL): boolean {
  return protocol === 'http:' || protocol === 'https:'
}

/** `http://user:secret@host/` without its secret, for error texts. */
function withoutCredentials(url: string): string {
  return url.replace(/\/\/[^/]*@/, '//')
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
