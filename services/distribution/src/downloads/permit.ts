// Who may fetch what: a user with credentials, or whoever has a link.
import {
  createError,
  type DistributionName,
  downloadPrefix,
  isAllowed,
  parseDistributionPath,
} from '@slipway/contracts'
import { type Identify, pathOf } from '@slipway/service-kit'
import type { FastifyRequest } from 'fastify'
import { type Links, linkPart } from '../links/link-service.ts'

/** Who may fetch what, and what is to be done before bytes are sent. */
export interface Permit {
  readonly name: DistributionName
  readonly actor: string
  readonly byLink: boolean
  /** False if no bytes may be sent (any more). */
  count(start: number): boolean | Promise<boolean>
}

/** Errors: AUTH_…, ROUTE_METHOD_NOT_ALLOWED, and ROUTE_NOT_FOUND for what can be no file. */
export async function permitOf(request: FastifyRequest, identify: Identify, links: Links): Promise<Permit> {
  const parts = pathParts(request)
  const isFetched = request.method === 'GET' || request.method === 'HEAD'
  // A link lets fetch, and nothing else.
  const byLink = isFetched && isLink(parts)
  const permit = byLink ? await permitOfLink(links, parts) : await permitOfCaller(identify, request, parts)
  if (!isFetched) throw createError('ROUTE_METHOD_NOT_ALLOWED')
  if (permit === undefined) throw createError('ROUTE_NOT_FOUND')
  return permit
}

/** What stands below the prefix, not decoded, without the query. */
function pathParts({ url }: FastifyRequest): string[] {
  return pathOf(url)
    .slice(downloadPrefix.length + 1)
    .split('/')
}

/** `link/<token>/<file>`: the token is the credentials. */
const isLink = (parts: readonly string[]) => parts[0] === linkPart && parts.length === 3

async function permitOfLink(links: Links, [, token = '', part = '']: readonly string[]): Promise<Permit> {
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
  return { name: { directory, file }, actor: caller.username, byLink: false, count: () => true }
}
