// Every acquired resource pushes its undo; stopping undoes in reverse order, whatever fails on the way.

/** What went wrong while something was released. */
export interface ReleaseFailure {
  name: string
  error: unknown
}

export interface Releasers {
  /**
   * Remembers how to undo what was just acquired.
   * @param deadlineMs how long the undo may take before the next one starts, instead of the default
   * After release() the undo runs at once: what was acquired while stopping must not stay.
   */
  push(name: string, undo: () => unknown, deadlineMs?: number): void
  /** Undoes everything in reverse order; goes on after failures and reports them. Later calls get the same report. */
  release(): Promise<readonly ReleaseFailure[]>
}

export interface ReleasersOptions {
  /** Default deadline of one undo in milliseconds. */
  deadlineMs?: number
  /** Hears of each failure when it happens. */
  onFailure?: (failure: ReleaseFailure) => void
}

interface Entry {
  name: string
  undo: () => unknown
  deadlineMs: number
}

const defaultDeadlineMs = 10_000

export function createReleasers(options: ReleasersOptions = {}): Releasers {
  const entries: Entry[] = []
  const failures: ReleaseFailure[] = []
  let releasing: Promise<void> | undefined

  async function releaseAll(): Promise<void> {
    for (let entry = entries.pop(); entry !== undefined; entry = entries.pop()) {
      const failure = await runUndo(entry)
      if (failure === undefined) continue
      failures.push(failure)
      options.onFailure?.(failure)
    }
  }

  return {
    push(name, undo, deadlineMs = options.deadlineMs ?? defaultDeadlineMs) {
      entries.push({ name, undo, deadlineMs })
      if (releasing !== undefined) releasing = releasing.then(releaseAll)
    },
    async release() {
      releasing ??= releaseAll()
      // What is pushed meanwhile extends the release.
      for (let seen: unknown; seen !== releasing; ) {
        seen = releasing
        await seen
      }
      return failures
    },
  }
}

async function runUndo({ name, undo, deadlineMs }: Entry): Promise<ReleaseFailure | undefined> {
  let timer: NodeJS.Timeout | undefined
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not released within ${deadlineMs} ms`)), deadlineMs)
  })
  try {
    await Promise.race([(async () => undo())(), deadline])
    return undefined
  } catch (error) {
    return { name, error }
  } finally {
    clearTimeout(timer)
  }
}
