// A client of server-sent events as the HTML standard describes it: it keeps the id it saw last and comes back with it.
// What it is answered is held against the API's own description.
import { heldFetchAt } from './described.ts'

export interface StreamEvent {
  name: string
  /** '' if it has none. */
  id: string
  data: Record<string, unknown>
}

export interface EventClient {
  /** All events so far, of all connections. */
  events: StreamEvent[]
  /** How often it connected. */
  connections(): number
  /** How often it was answered 503, which would end an EventSource for good. */
  refusals(): number
  /** Id of the last event that has one. */
  lastId(): string
  /** Cuts the connection; the client comes back. */
  cut(): void
  /** Resolves when the server said that there is nothing more (204), or that the job was deleted. */
  done: Promise<void>
}

export interface EventClientOptions {
  url: string
  authorization: string
  /** Cuts its own connection after every so many events. */
  cutAfter?: number
  onEvent?: (event: StreamEvent) => void
}

/** Follows the events at a URL to the end. */
export function followEvents({ url, authorization, cutAfter, onEvent }: EventClientOptions): EventClient {
  const events: StreamEvent[] = []
  let connections = 0
  let refusals = 0
  let lastId = ''
  let abort = new AbortController()
  const { origin, pathname } = new URL(url)
  const held = heldFetchAt(origin)

  /** @returns false if it is not to come back */
  async function connect(): Promise<boolean> {
    abort = new AbortController()
    connections += 1
    const headers = { authorization, ...(lastId === '' ? {} : { 'last-event-id': lastId }) }
    const response = await held(pathname, { headers, signal: abort.signal })
    if (response.status === 204) return false
    if (response.status !== 200 && response.status !== 503) {
      throw new Error(`${response.status} ${await response.text()}`)
    }
    if (response.status === 503) refusals += 1
    let text = ''
    let seen = 0
    for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      const blocks = (text + chunk).split('\n\n')
      text = blocks.pop() ?? ''
      for (const block of blocks) {
        const event = parseEvent(block)
        if (event === undefined) continue
        events.push(event)
        onEvent?.(event)
        if (event.id !== '') lastId = event.id
        if (event.name === 'deleted') return false
        seen += 1
        // What else of this chunk has arrived is as if it had not.
        if (seen === cutAfter) {
          abort.abort()
          return true
        }
      }
    }
    return true
  }
  async function follow(): Promise<void> {
    for (;;) {
      const comesBack = await connect().catch((error: unknown) => {
        // An answer that ends it, or one that nobody described; anything else is a connection that broke.
        if (error instanceof Error && /^\d{3} |described/.test(error.message)) throw error
        return true
      })
      if (!comesBack) return
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
  return {
    events,
    connections: () => connections,
    refusals: () => refusals,
    lastId: () => lastId,
    cut: () => abort.abort(),
    done: follow(),
  }
}

/** A block between empty lines; undefined for comments and `retry`. */
function parseEvent(block: string): StreamEvent | undefined {
  const fields = new Map(
    block.split('\n').map((line) => {
      const colon = line.indexOf(': ')
      return [line.slice(0, colon), line.slice(colon + 2)] as const
    }),
  )
  const data = fields.get('data')
  if (data === undefined) return undefined
  return { name: fields.get('event') ?? 'message', id: fields.get('id') ?? '', data: JSON.parse(data) }
}
