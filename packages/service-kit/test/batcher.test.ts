import t from 'tap'
import { createBatcher } from '../src/index.ts'

/** A batcher whose batches end when the test says so. */
function build(limit = 10, isolates = true, sizeOf?: (item: string) => number) {
  const batches: { items: string[]; end: (error?: Error) => void }[] = []
  const batcher = createBatcher<string, string>({
    limit,
    ...(sizeOf === undefined ? {} : { sizeOf }),
    isolates: () => isolates,
    run: (items) =>
      new Promise((resolve, reject) => {
        const end = (error?: Error) =>
          error ? reject(error) : resolve(items.map((item) => item.toUpperCase()))
        batches.push({ items, end })
      }),
  })
  const turn = () => new Promise((resolve) => setImmediate(resolve))
  return { batcher, batches, turn }
}

t.test('the first goes at once, what comes meanwhile goes together', async (t) => {
  const { batcher, batches, turn } = build(3)
  const outcomes = ['a', 'b', 'c', 'd', 'e'].map((item) => batcher.add(item))
  t.same(
    batches.map(({ items }) => items),
    [['a']],
  )
  for (const index of [0, 1, 2]) {
    batches[index]?.end()
    await turn()
  }
  t.same(
    batches.map(({ items }) => items),
    [['a'], ['b', 'c', 'd'], ['e']],
  )
  t.same(await Promise.all(outcomes), ['A', 'B', 'C', 'D', 'E'])
})

t.test('large items share a batch with fewer others, or with none', async (t) => {
  const { batcher, batches, turn } = build(4, true, (item) => item.length)
  const outcomes = ['a', 'bb', 'cc', 'd', 'eeeeee', 'f'].map((item) => batcher.add(item))
  for (let index = 0; index < 5; index += 1) {
    batches[index]?.end()
    await turn()
  }
  t.same(
    batches.map(({ items }) => items),
    [['a'], ['bb', 'cc'], ['d'], ['eeeeee'], ['f']],
  )
  t.equal((await Promise.all(outcomes)).length, 6)
})

t.test('an item that cannot be handled fails alone', async (t) => {
  const { batcher, batches, turn } = build()
  const outcomes = Promise.allSettled(['a', 'b', 'bad', 'c'].map((item) => batcher.add(item)))
  for (let index = 0; index < 5; index += 1) {
    const batch = batches[index]
    batch?.end(batch.items.includes('bad') ? new Error('bad') : undefined)
    await turn()
  }
  t.same(
    (await outcomes).map(({ status }) => status),
    ['fulfilled', 'fulfilled', 'rejected', 'fulfilled'],
  )
})

t.test('trouble that no item is guilty of fails the batch without asking again for each', async (t) => {
  const { batcher, batches, turn } = build(10, false)
  const outcomes = Promise.allSettled(['a', 'b', 'c'].map((item) => batcher.add(item)))
  batches[0]?.end()
  await turn()
  batches[1]?.end(new Error('the database is away'))
  t.same(
    (await outcomes).map(({ status }) => status),
    ['fulfilled', 'rejected', 'rejected'],
  )
  t.equal(batches.length, 2)
})
