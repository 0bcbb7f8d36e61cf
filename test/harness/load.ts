// Clients that ask without a pause over connections that stay open.
import { Agent, request } from 'node:http'

export interface Answer {
  status: number
  body: string
}

export interface Question {
  method: 'GET' | 'POST'
  /** Below `/api/v1`. */
  path: string
  body?: unknown
}

export interface Load {
  asked(): number
  /** Stops asking. @returns what was not answered with 200 */
  stop(): Promise<string[]>
}

export interface LoadOptions {
  url: string
  authorization: string
  /** One client each: what it asks next. */
  clients: (() => Question)[]
  onAnswer?(question: Question, body: string): void
}

/** Begins to ask. */
export function startLoad({ url, authorization, clients, onAnswer }: LoadOptions): Load {
  const agent = new Agent({ keepAlive: true, maxSockets: clients.length })
  const failures: string[] = []
  let asked = 0
  let stopped = false
  async function ask(next: () => Question): Promise<void> {
    while (!stopped) {
      const question = next()
      asked += 1
      const { status, body } = await send({ url, authorization, agent, question }).catch((error: Error) => ({
        status: 0,
        body: error.message,
      }))
      if (status === 200) onAnswer?.(question, body)
      else failures.push(`${question.method} ${question.path} ${status} ${body}`)
    }
  }
  const all = clients.map(ask)
  return {
    asked: () => asked,
    async stop() {
      stopped = true
      await Promise.all(all)
      agent.destroy()
      return failures
    },
  }
}

interface Sent extends Pick<LoadOptions, 'url' | 'authorization'> {
  agent: Agent
  question: Question
}

function send({ url, authorization, agent, question }: Sent): Promise<Answer> {
  const { method, path, body } = question
  const headers = { authorization, 'content-type': 'application/json' }
  return new Promise((resolve, reject) => {
    const sent = request(`${url}/api/v1${path}`, { method, headers, agent }, (response) => {
      let text = ''
      response.on('data', (chunk) => {
        text += String(chunk)
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }))
      response.on('error', reject)
    })
    sent.on('error', reject)
    sent.end(body === undefined ? undefined : JSON.stringify(body))
  })
}
