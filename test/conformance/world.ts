// What the conformance suite stands on: one Slipway and one lab for all of it, spoken to over HTTP only. Each area is
// a file of named tests, one a rule of the REST contract; `contract.test.ts` runs them all.
import type { Test } from 'tap'
import { describedAt } from '../harness/described.ts'
import { hostRow, region } from '../harness/fleet.ts'
import type { Lab } from '../harness/lab.ts'
import { adminPassword, type Slipway } from '../harness/slipway.ts'

export const json = { 'content-type': 'application/json' }

/** An answer as a client sees it. */
export interface Answer {
  status: number
  headers: Headers
  bytes: Buffer
  text: string
  /** The whole body. */
  body: Body
}

/** Rows and values of answers are looked at key by key; a test says what each must be. */
export type Row = Record<string, unknown>

export interface Body extends Row {
  api_response: Row
}

interface Ask {
  /** A value is sent as JSON, text and bytes as they are. */
  body?: unknown
  /** In place of the usual ones. */
  headers?: Record<string, string>
  /** The Authorization header; null for none. */
  authorization?: string | null
}

/** A client of one Slipway. */
export interface Client {
  url: string
  /** Sends a request below /api/v1, as the first administrator unless it says otherwise. */
  ask(method: string, path: string, ask?: Ask): Promise<Answer>
  get(path: string): Promise<Answer>
  post(path: string, body: unknown): Promise<Answer>
  remove(path: string): Promise<Answer>
  /** A host that is never reached, with these keys changed. @returns its name */
  host(hostname: string, keys?: object): Promise<string>
  /** A request that must succeed; the rows of its list. */
  rows(method: string, path: string, body?: unknown): Promise<Row[]>
}

/** A Slipway and a lab of routers. */
export interface World extends Client {
  lab: Lab
}

export { hostRow, region }

export const basic = (user: string, password: string) =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`

/** Speaks to the Slipway at this URL, and holds whatever it answers against its own description. */
export function connectTo(url: string): Client {
  const admin = basic('root', adminPassword)
  const description = describedAt(url)
  const ask: Client['ask'] = async (method, path, { body, headers = json, authorization = admin } = {}) => {
    const response = await fetch(`${url}/api/v1${path}`, {
      method,
      headers: { ...headers, ...(authorization === null ? {} : { authorization }) },
      ...(body === undefined ? {} : { body: isRaw(body) ? body : JSON.stringify(body) }),
    })
    const answer = await readAnswer(response)
    const { status, text } = answer
    const contentType = text === '' ? null : response.headers.get('content-type')
    const { hold } = await description()
    hold(method, `/api/v1${path}`, { status, contentType, body: answer.body })
    return answer
  }
  const client: Client = {
    url,
    ask,
    get: (path) => ask('GET', path),
    post: (path, body) => ask('POST', path, { body }),
    remove: (path) => ask('DELETE', path),
    async host(hostname, keys = {}) {
      await client.rows('POST', '/hosts', { ...plainHost, hostname, ...keys })
      return hostname
    },
    async rows(method, path, body) {
      const answer = await ask(method, path, body === undefined ? {} : { body })
      if (answer.status !== 200) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`)
      return listOf(answer)
    },
  }
  return client
}

/** The client with a lab, whose repository and a region with it are there. */
export async function createWorld({ url }: Pick<Slipway, 'url'>, lab: Lab): Promise<World> {
  const client = connectTo(url)
  const { row } = lab.repository
  await client.rows('POST', '/server_repositories', row)
  await client.rows('POST', '/regions', { region_name: region, server_repositories: [row.hostname] })
  return { ...client, lab }
}

/** Reads an answer to its end. */
export async function readAnswer(response: Response): Promise<Answer> {
  const { status, headers } = response
  const bytes = Buffer.from(await response.arrayBuffer())
  const text = bytes.toString()
  const isJson = headers.get('content-type')?.startsWith('application/json') === true && text !== ''
  return { status, headers, bytes, text, body: isJson ? JSON.parse(text) : {} }
}

const isRaw = (body: unknown): body is string | Uint8Array =>
  typeof body === 'string' || body instanceof Uint8Array

/** Keys of a host at an address where nobody answers (RFC 5737). */
export const plainHost = { region, connection_type: 'ssh', ts_or_ip: '192.0.2.1' }

/** A list of an answer, whatever its key. */
export function listOf({ body, text }: Pick<Answer, 'body' | 'text'>): Row[] {
  const [list] = Object.values(body.api_response ?? {}).filter(Array.isArray)
  if (list === undefined) throw new Error(`no list in ${text}`)
  return list
}

/** The whole request failed, with this status and message, in the envelope and nothing else. */
export function refused(t: Test, answer: Answer, status: number, message: string | RegExp): void {
  t.equal(answer.status, status, told(answer, status))
  t.same(Object.keys(answer.body), ['api_response'], 'one key at the top')
  t.equal(answer.body.api_response['status'], 'FAILED')
  t.match(answer.body.api_response['status_message'], exactly(message))
}

/** One row was sent, and it failed with this message: 400. */
export function rowRefused(t: Test, answer: Answer, message: string | RegExp): void {
  t.equal(answer.status, 400, told(answer, 400))
  const [row] = listOf(answer)
  t.match(row?.['status'], 'FAILED')
  t.match(row?.['status_message'], exactly(message))
}

/** Says more where it is wrong; in ASCII, as other line ends would end a line of TAP. */
const told = ({ status, text }: Answer, wanted: number) =>
  status === wanted ? `${wanted}` : `${wanted}, not ${status}: ${text.slice(0, 300).replace(/[^ -~]/g, '?')}`

const exactly = (message: string | RegExp) =>
  typeof message === 'string' ? new RegExp(`^${message.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')}$`) : message

/** A time of the calendar as clients write it, in UTC. */
export function timeText(moment: Date): string {
  const two = (value: number) => String(value).padStart(2, '0')
  const hour = moment.getUTCHours()
  const date = `${two(moment.getUTCMonth() + 1)}-${two(moment.getUTCDate())}-${moment.getUTCFullYear()}`
  return `${date} ${two(hour % 12 || 12)}:${two(moment.getUTCMinutes())} ${hour < 12 ? 'AM' : 'PM'}`
}

/** Keys that schedule a job so many days ahead: it never runs while the suite does. */
export function ahead(days: number) {
  const moment = new Date(Math.floor(Date.now() / 60_000) * 60_000 + days * 86_400_000)
  return { scheduled_time: timeText(moment), utc_offset: '+00:00' }
}

/** Rows with only these keys, to compare with what is expected. */
export const pick = (rows: Row[], ...keys: string[]) =>
  rows.map((row) => Object.fromEntries(keys.map((key) => [key, row[key]])))
