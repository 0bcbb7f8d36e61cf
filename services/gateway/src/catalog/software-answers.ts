// Answers of GET /cco/software that were given before, ready to be sent. None is sent without asking the catalog
// whether it is still the right one, so an import shows in the next answer, whichever replica did it.
import type { catalogMessages as Messages, ReplyOf, RequestOf } from '@slipway/contracts'
import { renderSoftware } from './catalog-rows.ts'

type Question = Omit<RequestOf<typeof Messages.listSoftware>, 'known'>
type Reply = ReplyOf<typeof Messages.listSoftware>

/** Bytes of all answers that are kept. */
const MAX_BYTES = 32 * 1024 * 1024

export interface SoftwareAnswers {
  /** @param ask asks the catalog, telling it which version is known */
  get(
    question: Question,
    ask: (question: RequestOf<typeof Messages.listSoftware>) => Promise<Reply>,
  ): Promise<Buffer>
}

export function createSoftwareAnswers(maxBytes = MAX_BYTES): SoftwareAnswers {
  const kept = new Map<string, { version: string; body: Buffer }>()
  let bytes = 0

  function drop(key: string): void {
    bytes -= kept.get(key)?.body.length ?? 0
    kept.delete(key)
  }
  function keep(key: string, version: string, body: Buffer): void {
    drop(key)
    if (body.length > maxBytes) return
    kept.set(key, { version, body })
    bytes += body.length
    for (const oldest of kept.keys()) {
      if (bytes <= maxBytes) return
      drop(oldest)
    }
  }
  return {
    async get(question, ask) {
      const key = JSON.stringify([question.platform, question.release, question.optimal, question.since])
      const known = kept.get(key)
      const reply = await ask(known === undefined ? question : { ...question, known: known.version })
      // No rows: what is known is right.
      if (reply.rows === undefined && known !== undefined) return known.body
      const rows = (reply.rows ?? []).map(renderSoftware)
      const body = Buffer.from(JSON.stringify({ api_response: { software_list: rows } }))
      keep(key, reply.version, body)
      return body
    },
  }
}
