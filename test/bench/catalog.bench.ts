// The software catalog: how long an import of 5,000 entries takes; what the first optimal list of 2,000 SMUs costs, the
// whole request (aim for the choice in it: less than 20 ms); long lists put right; and requests that were answered
// before, as a ratio to a bare Fastify handler that keeps the same bytes and asks nobody whether they are still right
// (aim: at least 0.6).
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { makeDataDir } from '../harness/data-dir.ts'
import { median } from './figures.ts'
import { assertSameAnswer, compareLoad } from './support/load.ts'
import { softwareFeed, softwareName } from './support/software-feed.ts'
import { openStage, type Target } from './support/stage.ts'

const ROUNDS = 7
const feeds = await makeDataDir()
const stage = await openStage({ CATALOG_FEED_DIR: feeds.path })
const { product, bare, slipway } = stage
const software = (release: string, optimal: boolean) =>
  `/api/v1/cco/software?platform=asr9k_px&release=${release}&optimal=${optimal}`

await benchImport(5_000)
await benchOptimal(2_000)
await benchOptimized()
await benchCached()
await stage.close()
await feeds.remove()

async function benchImport(entries: number): Promise<void> {
  const times: number[] = []
  for (let round = 1; round <= ROUNDS; round += 1) {
    // All of them are another than before, the worst there is.
    const xml = softwareFeed({ release: '6.0.1', entries, creationDate: `round ${round}` })
    times.push(await importRelease('import', '6.0.1', xml))
    if (round === 1) console.log(`the file: ${(xml.length / 1_048_576).toFixed(1)} MB`)
  }
  const unchanged = await importRelease('import', '6.0.1', undefined)
  console.log(
    `import of ${entries} entries: ${times[0]} ms into an empty catalog, ${median(times.slice(1))} ms where all changed, ${unchanged} ms where nothing did`,
  )
}

/**
 * Each round imports the release anew. The first list of all of it reads the entries and indexes them; the first
 * optimal list after that costs the choice, and writing what was chosen: more than the choice alone.
 */
async function benchOptimal(entries: number): Promise<void> {
  const [loads, choices]: [number[], number[]] = [[], []]
  for (let round = 1; round <= ROUNDS; round += 1) {
    const xml = softwareFeed({ release: '6.0.2', entries, creationDate: `round ${round}` })
    await importRelease('optimal', '6.0.2', xml)
    loads.push(await timed(() => fetchBytes(product, software('6.0.2', false))))
    choices.push(await timed(() => fetchBytes(product, software('6.0.2', true))))
  }
  console.log(
    `${entries} SMUs: first list of all after an import ${median(loads).toFixed(0)} ms; first optimal list, the whole request, ${median(choices).toFixed(1)} ms (aim < 20 ms)`,
  )
}

/** As many names as a URL holds, in a feed of usual chains and in one in which each fix repeats all older ones. */
async function benchOptimized(): Promise<void> {
  const names = 400
  for (const [what, release, entries, chain] of [
    ['2,000 SMUs in chains of 10', '6.0.3', 2_000, 10],
    ['400 SMUs, each superseding all before it', '6.0.4', 400, 400],
  ] as const) {
    await importRelease('optimized', release, softwareFeed({ release, entries, chain, creationDate: 'once' }))
    const list = Array.from({ length: names }, (_, index) => `${softwareName(release, index)}.pie`)
    const path = `/api/v1/cco/get_optimized_software?software_packages=${list.join(',')}`
    const first = await timed(() => fetchBytes(product, path))
    const times: number[] = []
    for (let round = 0; round < 5 * ROUNDS; round += 1)
      times.push(await timed(() => fetchBytes(product, path)))
    console.log(
      `a list of ${names} names put right, ${what}: the first ${first.toFixed(0)} ms, then ${median(times).toFixed(1)} ms`,
    )
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await work()
  return performance.now() - started
}

async function benchCached(): Promise<void> {
  for (const [what, path] of [
    ['cached list of 2,000', software('6.0.2', false)],
    ['cached list of 5,000', software('6.0.1', false)],
    ['platforms and releases', '/api/v1/cco/catalog'],
  ] as const) {
    await assertSameAnswer([product, bare], path)
    const bytes = (await fetchBytes(product, path)).byteLength
    const [own = 0, peer = 0] = await compareLoad([product, bare], [path])
    console.log(
      `${what} (${(bytes / 1024).toFixed(0)} kB): ${own.toFixed(0)} requests/s, bare handler ${peer.toFixed(0)}; ratio ${(own / peer).toFixed(2)} (aim ≥ 0.6)`,
    )
  }
}

/** @returns milliseconds from the request to the first answer that says `completed` */
async function importRelease(folder: string, release: string, xml: string | undefined): Promise<number> {
  const directory = join(feeds.path, folder)
  await mkdir(directory, { recursive: true })
  await writeFile(join(directory, 'catalog.dat'), `asr9k_px_${release}\n`)
  if (xml !== undefined) await writeFile(join(directory, `asr9k_px_${release}.xml`), xml)
  const started = performance.now()
  const { body } = await slipway.api.call<{ api_response: { id: number } }>('POST', '/cco/import', {
    source: folder,
  })
  const path = `/cco/import/${body.api_response.id}`
  for (;;) {
    const row = await slipway.api.ok<{ status: string; status_message: string }>('GET', path)
    if (row.status === 'failed') throw new Error(row.status_message)
    if (row.status === 'completed') return Math.round(performance.now() - started)
    await pause(2)
  }
}

async function fetchBytes({ url, authorization }: Target, path: string): Promise<ArrayBuffer> {
  const answer = await fetch(url + path, { headers: { authorization } })
  if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
  return answer.arrayBuffer()
}
