/**
 * The control channel of a lab: a small HTTP API on loopback, so that other processes can read counters and set
 * faults. JSON in and out.
 */
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { Fault } from '../faults.ts'
import type { SimulatedRouter } from '../router.ts'
import { hasSimCode, simError } from '../sim-error.ts'
import type { SimulatedJumpHost } from './jump-host.ts'
import type { Repository } from './repository.ts'

const MAX_BODY_BYTES = 256 * 1024

/** What the API controls. */
export interface ControlDeps {
  readonly routers: ReadonlyMap<string, SimulatedRouter>
  readonly repositories: ReadonlyMap<string, Repository>
  readonly jumpHosts: ReadonlyMap<string, SimulatedJumpHost>
}

/** A control server. */
export interface ControlApi {
  readonly start: () => Promise<string>
  readonly stop: () => Promise<void>
}

/** `/routers/r1/faults` → collection, name, verb. */
const PATH = /^\/(routers|repositories|jump-hosts|reset)(?:\/([A-Za-z0-9._-]{1,64})(?:\/([a-z-]{1,32}))?)?$/

/** Only names of loopback are served, so that no web page can reach the API through a rebound name. */
const LOCAL_HOST = /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?$/

/** Makes the control API; it listens on 127.0.0.1 after `start()`. */
export function createControlApi(deps: ControlDeps, port = 0): ControlApi {
  const server = createServer((request, response) => {
    answer(deps, request).then(
      ({ status, body }) => {
        response.writeHead(status, { 'content-type': 'application/json' })
        response.end(`${JSON.stringify(body)}\n`)
      },
      () => response.destroy(),
    )
  })
  return {
    async start() {
      await listen(server, port)
      const address = server.address()
      return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : port}`
    },
    async stop() {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(simError('SIM_PORT_UNAVAILABLE', error.message)))
    server.listen(port, '127.0.0.1', resolve)
  })
}

interface Answer {
  readonly status: number
  readonly body: unknown
}

const notFound: Answer = { status: 404, body: { error: 'not found' } }

async function answer(deps: ControlDeps, request: IncomingMessage): Promise<Answer> {
  if (!LOCAL_HOST.test(request.headers.host ?? '')) return { status: 403, body: { error: 'loopback only' } }
  const [, collection, name, verb] = PATH.exec((request.url ?? '').split('?')[0] ?? '') ?? []
  try {
    if (collection === 'reset' && request.method === 'POST') return resetAll(deps)
    if (collection === 'repositories') return counters(deps.repositories, request.method ?? '', name)
    if (collection === 'jump-hosts') return await jumpHosts(deps, request.method ?? '', name, verb)
    if (collection !== 'routers') return notFound
    if (name === undefined)
      return request.method === 'GET' ? { status: 200, body: listRouters(deps) } : notFound
    const router = deps.routers.get(name)
    if (router === undefined) return notFound
    return await oneRouter(router, request, verb)
  } catch (error) {
    const known = hasSimCode(error, 'SIM_FAULT_INVALID') || hasSimCode(error, 'SIM_OPTION_INVALID')
    return { status: known ? 400 : 500, body: { error: error instanceof Error ? error.message : 'unknown' } }
  }
}

function resetAll(deps: ControlDeps): Answer {
  for (const router of deps.routers.values()) router.reset()
  for (const repository of deps.repositories.values()) repository.reset()
  for (const jumpHost of deps.jumpHosts.values()) jumpHost.reset()
  return { status: 200, body: { reset: true } }
}

function counters(
  things: ReadonlyMap<string, { readonly counts: () => object }>,
  method: string,
  name: string | undefined,
): Answer {
  if (method !== 'GET') return notFound
  const all = [...things].map(([hostname, thing]) => ({ hostname, ...thing.counts() }))
  if (name === undefined) return { status: 200, body: all }
  const found = all.find((each) => each.hostname === name)
  return found === undefined ? notFound : { status: 200, body: found }
}

async function jumpHosts(
  { jumpHosts: all }: ControlDeps,
  method: string,
  name: string | undefined,
  verb: string | undefined,
): Promise<Answer> {
  if (verb === undefined) return counters(all, method, name)
  const jumpHost = all.get(name ?? '')
  if (jumpHost === undefined || method !== 'POST') return notFound
  if (verb === 'cut') jumpHost.cut()
  else if (verb === 'stop') await jumpHost.stop()
  else if (verb === 'start') await jumpHost.start()
  else return notFound
  return { status: 200, body: jumpHost.counts() }
}

function listRouters(deps: ControlDeps): unknown {
  return [...deps.routers.values()].map((router) => {
    const { name, family, status, release } = router.state()
    return { name, family, protocol: router.options.protocol, status, release, counts: router.counts() }
  })
}

function describe(router: SimulatedRouter): unknown {
  return {
    ...router.state(),
    counts: router.counts(),
    mutations: router.mutations,
    sessionLog: router.sessionLog(),
    overlaps: router.overlaps(),
    faults: router.faults(),
  }
}

async function oneRouter(
  router: SimulatedRouter,
  request: IncomingMessage,
  verb: string | undefined,
): Promise<Answer> {
  const call = `${request.method ?? ''} ${verb ?? ''}`
  switch (call) {
    case 'GET ':
      return { status: 200, body: describe(router) }
    case 'GET transcript':
      return { status: 200, body: router.transcript() }
    case 'POST faults':
    case 'PUT faults':
      router.setFaults(faultsOf(await readJson(request)))
      return { status: 200, body: { faults: router.faults() } }
    case 'POST reset':
      router.reset()
      return { status: 200, body: describe(router) }
    case 'POST hurry':
      router.hurry()
      return { status: 200, body: describe(router) }
    case 'POST power-cycle':
      router.powerCycle()
      return { status: 200, body: { status: router.state().status } }
    default:
      return notFound
  }
}

/** A list of faults, or one. */
function faultsOf(body: unknown): Fault[] {
  const list = Array.isArray(body) ? body : [body]
  if (!list.every((each) => typeof each === 'object' && each !== null)) {
    throw simError('SIM_FAULT_INVALID', 'expected a list of faults')
  }
  return list as Fault[]
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request) {
    const data = Buffer.from(chunk as Buffer)
    bytes += data.length
    if (bytes > MAX_BODY_BYTES) throw simError('SIM_OPTION_INVALID', 'body too large')
    chunks.push(data)
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'))
  } catch {
    throw simError('SIM_OPTION_INVALID', 'body is not JSON')
  }
}
