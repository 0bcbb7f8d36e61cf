// Load by autocannon in this process, on product and peer in alternating rounds: what else the machine does in the
// meantime hits both.
import autocannon from 'autocannon'
import { median } from '../figures.ts'
import type { Target } from './stage.ts'

const ROUNDS = 5
const SECONDS = 3
const CONNECTIONS = 4
/** Both are started a moment before, and compile what is called often. */
const WARM_UP_SECONDS = 5

/** Requests per second of each target, medians of alternating rounds. Fails if anything but 200 is answered. */
export async function compareLoad(targets: readonly Target[], paths: readonly string[]): Promise<number[]> {
  const rates = targets.map((): number[] => [])
  for (const target of targets) await shoot(target, paths, WARM_UP_SECONDS)
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [index, target] of targets.entries()) rates[index]?.push(await shoot(target, paths, SECONDS))
  }
  return rates.map(median)
}

/** Requests per second. */
async function shoot(
  { name, url, authorization }: Target,
  paths: readonly string[],
  seconds: number,
): Promise<number> {
  const result = await autocannon({
    url,
    connections: CONNECTIONS,
    duration: seconds,
    headers: { authorization },
    requests: paths.map((path) => ({ method: 'GET', path })),
  })
  if (result.non2xx + result.errors > 0)
    throw new Error(`${name}: ${result.non2xx + result.errors} requests failed`)
  return result['2xx'] / result.duration
}

/** Fails unless both answer the same bytes. */
export async function assertSameAnswer(targets: readonly Target[], path: string): Promise<void> {
  const bodies = await Promise.all(
    targets.map(async ({ url, authorization }) =>
      (await fetch(url + path, { headers: { authorization } })).text(),
    ),
  )
  if (new Set(bodies).size === 1) return
  const starts = bodies.map((body) => body.slice(0, 1_500))
  throw new Error(`product and peer answer differently to ${path}:\n${starts.join('\n')}`)
}
