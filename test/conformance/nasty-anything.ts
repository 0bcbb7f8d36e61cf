// Whatever comes to the mind of fast-check: paths, queries and bodies, against every operation.
import fc from 'fast-check'
import type { Test } from 'tap'
import { nastyTexts, nastyValues } from './nasty-values.ts'
import { type NastyWorld, type Operation, tell } from './nasty-world.ts'

/** Tries of each operation. */
const TRIES = 15

/** No name of anything that is stored, nor the id of a job: what is asked for must change nothing. */
const isNobody = (text: string) => !/^\s*\d+\s*$/.test(text) && !names.has(text.trim())
const names = new Set(['R1', 'SJ Labs', 'jump', 'repository', 'profile', 'root', 'scheduled', 'failed'])

const texts = fc
  .oneof(
    fc.string({ minLength: 1 }),
    fc.string({ unit: 'binary', minLength: 1 }),
    fc.constantFrom(...nastyTexts),
  )
  .filter(isNobody)
/** As it stands in a URL: encoded, or with signs that no URL should hold. */
const parts = fc.oneof(
  texts.map((text) => encodeURIComponent(Buffer.from(text).toString())),
  fc.stringMatching(/^[!-~]{1,20}$/).filter((text) => isNobody(text) && !/[/?#\\]/.test(text)),
)
const values = fc.oneof({ weight: 2, arbitrary: texts }, fc.jsonValue(), fc.constantFrom(...nastyValues))

/** The path with any parts in place of its parameters, and any query. */
function targets({ path, parameters }: Operation): fc.Arbitrary<string> {
  const parameter = fc.oneof(fc.constantFrom('x', ...parameters), parts)
  const query = fc.array(fc.tuple(parameter, parts), { maxLength: 3 })
  return fc.tuple(fc.array(parts, { minLength: 3, maxLength: 3 }), query).map(([filled, pairs]) => {
    const rest = [...filled]
    const written = pairs.map(([name, value]) => `${name}=${value}`).join('&')
    return `${path.replace(/\{[^}]+\}/g, () => rest.pop() ?? 'x')}?${written}`
  })
}

/** Any JSON, objects of the keys that endpoints know, any text. */
const keys = fc.constantFrom(
  'password',
  'new_password',
  'source',
  'scheduled_time',
  'expires_in',
  'uses',
  'no',
)
const bodies = fc.oneof(
  fc.dictionary(keys, values).map((object) => JSON.stringify(object)),
  fc.json(),
  fc.string({ unit: 'binary' }),
)

export async function anything(t: Test, { ask, operations, unchanged }: NastyWorld): Promise<void> {
  t.test('requests of anything at all get an answer that is no 5xx, from every operation', async (t) => {
    for (const operation of operations) {
      const { method, path, takesBody } = operation
      const property = fc.asyncProperty(targets(operation), bodies, async (target, body) => {
        const answer = await ask(method, target, takesBody ? { body } : {})
        const isTold = method === 'HEAD' || answer.status < 400 || 'api_response' in answer.body
        if (answer.status >= 500 || !isTold) throw new Error(tell(`${method} ${target}`, answer))
      })
      await fc.assert(property, { numRuns: TRIES })
      t.pass(`${method} ${path}`)
    }
    await unchanged(t)
  })
}
