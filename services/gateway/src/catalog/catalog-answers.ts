// Answers about the catalog that were given before, as bytes ready to be sent. For a moment (`catalogAnswerMaxAgeMs`) one
// is given again without asking; after that the catalog is asked whether it is still right. An import is completed only
// when no older answer can be left, so who sees its end sees what it brought, whichever gateway answers.
import { catalogAnswerMaxAgeMs } from '@slipway/contracts'
import { success } from '../http/envelope.ts'

/** Bytes of all answers that are kept. */
const MAX_BYTES = 32 * 1024 * 1024

/** What the catalog says. */
export interface Fresh {
  readonly version: string
  /** What stands under `api_response`; undefined: the answer of this version, which is known. */
  readonly value: unknown
}

export interface Answers {
  /**
   * The answer to a question, in its envelope. Errors: those of `ask`.
   * @param key names the question
   * @param ask asks the catalog, told which version is known
   */
  get(key: string, ask: (known: string | undefined) => Promise<Fresh>): Promise<Buffer>
}

interface Kept {
  readonly version: string
  readonly body: Buffer
  /** When it was asked for last; older than that it cannot be. */
  askedAt: number
}

export function createAnswers(monotonicMs: () => number, maxBytes = MAX_BYTES): Answers {
  const kept = new Map<string, Kept>()
  let bytes = 0

  function drop(key: string): void {
    bytes -= kept.get(key)?.body.length ?? 0
    kept.delete(key)
  }
  function keep(key: string, answer: Kept): void {
    drop(key)
    if (answer.body.length > maxBytes) return
    kept.set(key, answer)
    bytes += answer.body.length
    for (const oldest of kept.keys()) {
      if (bytes <= maxBytes) return
      drop(oldest)
    }
  }
  return {
    async get(key, ask) {
      const known = kept.get(key)
      const askedAt = monotonicMs()
      if (known !== undefined && askedAt - known.askedAt < catalogAnswerMaxAgeMs) return known.body
      const { version, value } = await ask(known?.version)
      if (value === undefined && known !== undefined) {
        known.askedAt = askedAt
        return known.body
      }
      const body = Buffer.from(JSON.stringify(success(value).body))
      keep(key, { version, body, askedAt })
      return body
    },
  }
}
