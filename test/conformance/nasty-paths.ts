// Paths and queries: undecodable, over-long, huge numbers, operators.
import type { Test } from 'tap'
import { nastyPaths, nastyQueries } from './nasty-values.ts'
import { fill, type NastyWorld, tell } from './nasty-world.ts'

export async function pathsAndQueries(t: Test, { ask, operations, unchanged }: NastyWorld): Promise<void> {
  t.test('parts of paths and queries that nobody should send are refused by every operation', async (t) => {
    for (const { method, path, parameters } of operations) {
      const wrong: string[] = []
      const tryOne = async (target: string) => {
        const body = method === 'POST' ? { body: '{"no": "such"}' } : {}
        const answer = await ask(method, target, body)
        const isTold = method === 'HEAD' || 'api_response' in answer.body
        const fine = answer.status < 500 && (answer.status < 400 || isTold)
        if (!fine) wrong.push(tell(target.slice(0, 100), answer))
      }
      const targets = path.includes('{') ? nastyPaths.map((part) => fill(path, part)) : []
      for (const name of parameters.length > 0 ? parameters : ['x']) {
        for (const text of nastyQueries) {
          // Without its filter it would delete what it says.
          if (method === 'DELETE' && !text.includes('{}')) continue
          targets.push(`${fill(path, 'no-such')}?${text.replaceAll('{}', name)}`)
        }
      }
      while (targets.length > 0) await Promise.all(targets.splice(0, 20).map(tryOne))
      t.same(wrong, [], `${method} ${path}`)
    }
    await unchanged(t)
  })
}
