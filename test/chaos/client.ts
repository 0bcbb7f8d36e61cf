// A client that does not give up: gateways are killed under it. What changes something carries an Idempotency-Key, so
// that asking again cannot do it twice.
import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'

const GIVE_UP_MS = 120_000
const ANSWER_MS = 15_000
const RETRY_MS = 250
/** Answers after which the same request may be sent again. */
const MOMENTARY = [429, 500, 502, 503, 504]

export interface PatientClient {
  /** What stands under api_response; throws on an answer that is not 200. */
  ask<T>(method: string, path: string, body?: unknown): Promise<T>
  /** The answer, whatever it is but momentary. */
  send(method: string, path: string, body: unknown): Promise<Response>
  /** What is answered as it is; undefined if it does not exist (400, as the guide has it). */
  bytes(path: string): Promise<Buffer | undefined>
  /** Server errors that were answered: there must be none but 503. */
  readonly faults: string[]
  /** Requests that had to be sent again. */
  readonly retries: () => number
}

export function createPatientClient(url: string, username: string, password: string): PatientClient {
  const credentials = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
  const faults: string[] = []
  let retries = 0

  async function send(method: string, path: string, body: unknown): Promise<Response> {
    const headers = {
      authorization: credentials,
      'content-type': 'application/json',
      ...(method === 'POST' ? { 'idempotency-key': randomUUID() } : {}),
    }
    const given = body === undefined ? {} : { body: JSON.stringify(body) }
    const giveUpAt = performance.now() + GIVE_UP_MS
    for (;;) {
      const signal = AbortSignal.timeout(ANSWER_MS)
      const answer = await fetch(`${url}/api/v1${path}`, { method, headers, signal, ...given })
        .then(async (response) => new Response(await response.arrayBuffer(), response))
        .catch((error: Error) => error)
      if (answer instanceof Response && !MOMENTARY.includes(answer.status)) return answer
      if (answer instanceof Response && answer.status === 500) faults.push(`${method} ${path}: 500`)
      if (performance.now() > giveUpAt) throw new Error(`${method} ${path}: no good answer: ${said(answer)}`)
      retries += 1
      await pause(RETRY_MS)
    }
  }

  return {
    faults,
    send,
    retries: () => retries,
    async ask<T>(method: string, path: string, body?: unknown): Promise<T> {
      const answer = await send(method, path, body)
      const text = await answer.text()
      if (answer.status !== 200) throw new Error(`${method} ${path}: ${answer.status} ${text}`)
      return (JSON.parse(text) as { api_response: T }).api_response
    },
    async bytes(path) {
      const answer = await send('GET', path, undefined)
      if (answer.status === 400) return undefined
      if (answer.status !== 200) throw new Error(`GET ${path}: ${answer.status} ${await answer.text()}`)
      return Buffer.from(await answer.arrayBuffer())
    },
  }
}

function said(answer: Response | Error): string {
  return answer instanceof Response ? `status ${answer.status}` : answer.message
}
