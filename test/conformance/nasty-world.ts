// What the suite of nasty input stands on: one Slipway with one thing of each kind, and how its answers are judged.
import type { Test } from 'tap'
import type { Slipway } from '../harness/slipway.ts'
import { type Answer, ahead, type Client, connectTo, type Row } from './world.ts'

interface Described {
  paths: Record<
    string,
    Record<string, { parameters?: { in: string; name: string }[]; requestBody?: unknown }>
  >
}

/** An operation as the API describes it; its path is below /api/v1. */
export interface Operation {
  method: string
  path: string
  takesBody: boolean
  /** Of the query. */
  parameters: string[]
}

/** A Slipway and all that can be asked of it. */
export interface NastyWorld extends Client {
  slipway: Pick<Slipway, 'url' | 'dataDir'>
  operations: readonly Operation[]
  /** Those that take JSON. */
  changing: readonly Operation[]
  /** Nothing that answers tell of what is stored has changed since the beginning. */
  unchanged(t: Test): Promise<void>
}

/** A repository whose type needs but one key. */
export const local = { hostname: 'repository', server_type: 'LOCAL', device_path: 'disk0:' }

/** Stores one thing of each kind. */
export async function createNastyWorld(slipway: NastyWorld['slipway']): Promise<NastyWorld> {
  const client = connectTo(slipway.url)
  const { ask, get, rows, host } = client
  const { body } = await ask('GET', '/openapi.json')
  const operations = operationsOf(body as unknown as Described)
  await rows('POST', '/regions', { region_name: 'SJ Labs' })
  await rows('POST', '/jump_hosts', { hostname: 'jump', connection_type: 'ssh', host_or_ip: '192.0.2.1' })
  await rows('POST', '/server_repositories', local)
  await rows('POST', '/custom_command_profiles', { profile_name: 'profile', command_list: ['show clock'] })
  await host('R1')
  await rows('POST', '/install', { hostname: 'R1', install_action: 'Commit', ...ahead(100) })
  const stored = async () => {
    const lists = ['/hosts', '/regions', '/jump_hosts', '/server_repositories', '/custom_command_profiles']
    const answers = await Promise.all([...lists, '/install', '/users', '/dispatch'].map(get))
    return answers.map(({ text }) => text)
  }
  const before = await stored()
  return {
    ...client,
    slipway,
    operations,
    changing: operations.filter(({ takesBody }) => takesBody),
    async unchanged(t) {
      t.same(await stored(), before, 'nothing has changed')
    },
  }
}

const prefix = '/api/v1'

function operationsOf({ paths }: Described): Operation[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path: path.startsWith(prefix) ? path.slice(prefix.length) : path,
      // The body of a PUT is a file, whatever is in it.
      takesBody: 'requestBody' in operation && method === 'post',
      parameters: (operation.parameters ?? []).filter((each) => each.in === 'query').map(({ name }) => name),
    })),
  )
}

/** The path with a value in place of each parameter. */
export const fill = (path: string, value: string) => path.replace(/\{[^}]+\}/g, value)

/** The answer is a refusal in the envelope. */
export function isRefusal({ status, body }: Answer): boolean {
  if (status < 400 || status >= 500) return false
  const response = body.api_response as Row | undefined
  return response !== undefined && (response['status'] === 'FAILED' || everyFailed(response))
}

const everyFailed = (response: Row) =>
  Object.values(response).some(
    (list) => Array.isArray(list) && list.every((row: Row) => row['status'] === 'FAILED'),
  )

/** An answer in a line of TAP: in ASCII, as other line ends would end it. */
export const tell = (what: string, { status, text }: Answer) =>
  `${what}: ${status} ${text.slice(0, 200)}`.replace(/[^ -~]/g, '?').slice(0, 400)

/** Holds what no text may: control characters, halves of surrogates. */
export const control = /[\0-\x1f\x7f-\x9f]|\p{Surrogate}/u
