// Gathers what arrives while a batch is at work and handles it as the next one: under load many items share a
// transaction, without load each goes at once. There is no waiting for company.

export interface Batcher<T, R> {
  /** Resolves with the item's own outcome once its batch is through. */
  add(item: T): Promise<R>
}

export interface BatcherOptions<T, R> {
  /** Handles a batch as a whole and answers its items in their order; may see an item twice if it rejects. */
  run: (items: T[]) => Promise<R[]>
  /** Size of a batch at most, unless a single item has more. */
  limit: number
  /** What an item counts for; default 1. */
  sizeOf?: (item: T) => number
  /** True for an error that a single item may be guilty of: then each goes alone and only the guilty one fails. */
  isolates: (error: unknown) => boolean
}

interface Waiting<T, R> {
  item: T
  resolve: (outcome: R) => void
  reject: (error: unknown) => void
}

export function createBatcher<T, R>(options: BatcherOptions<T, R>): Batcher<T, R> {
  const { run, limit, isolates, sizeOf = () => 1 } = options
  const waiting: Waiting<T, R>[] = []
  let busy = false

  const handle = async (batch: Waiting<T, R>[]): Promise<void> => {
    try {
      const outcomes = await run(batch.map(({ item }) => item))
      for (const [index, { resolve }] of batch.entries()) resolve(outcomes[index] as R)
    } catch (error) {
      if (batch.length > 1 && isolates(error)) for (const one of batch) await handle([one])
      else for (const { reject } of batch) reject(error)
    }
  }
  const take = (): Waiting<T, R>[] => {
    let size = 0
    const full = waiting.findIndex(({ item }, index) => {
      size += sizeOf(item)
      return index > 0 && size > limit
    })
    return waiting.splice(0, full === -1 ? waiting.length : full)
  }
  const work = async (): Promise<void> => {
    busy = true
    while (waiting.length > 0) await handle(take())
    busy = false
  }
  return {
    add: (item) =>
      new Promise((resolve, reject) => {
        waiting.push({ item, resolve, reject })
        if (!busy) void work()
      }),
  }
}
