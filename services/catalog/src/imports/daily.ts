// Imports the source that is set once a day, whichever replica looks first: when it was imported stands in the database.
import { hasCode } from '@slipway/contracts'
import { isFeedFailure } from '../feed/feed-failure.ts'
import type { ResolvedSource } from '../feed/feed-files.ts'
import type { ImportService } from './import-service.ts'
import type { ImportStore } from './import-store.ts'

/** Who is shown to have asked for it. */
const REQUESTED_BY = 'system'
/** How soon a source is tried again that could not be imported. */
const RETRY_MS = 3_600_000
/** How often it is looked whether an import is due or was interrupted. */
const LOOK_EVERY_MS = 60_000

export interface DailyDeps {
  readonly service: Pick<ImportService, 'start' | 'settle'>
  readonly imports: Pick<ImportStore, 'lastOf'>
  readonly resolve: (source: string) => Promise<ResolvedSource>
  readonly source: string
  readonly intervalMs: number
  readonly now: () => Date
}

/** Looks once: settles what was interrupted, and begins the daily import if it is due. */
export async function lookForImports(deps: DailyDeps): Promise<void> {
  await deps.service.settle()
  const name = await availableSource(deps)
  if (name === undefined) return
  const { tried, completed } = await deps.imports.lastOf(name)
  const age = (at: Date | undefined) => (at === undefined ? Infinity : deps.now().getTime() - at.getTime())
  const isDue = age(completed) >= deps.intervalMs && age(tried) >= Math.min(RETRY_MS, deps.intervalMs)
  if (!isDue) return
  try {
    await deps.service.start(deps.source, REQUESTED_BY)
  } catch (error) {
    // Another source is being imported: the next look comes soon.
    if (!hasCode(error, 'CATALOG_IMPORT_RUNNING')) throw error
  }
}

/** The name of the source; undefined where nobody has put a feed. That is no failure: many installations have none. */
async function availableSource({ resolve, source }: DailyDeps): Promise<string | undefined> {
  try {
    const resolved = await resolve(source)
    if (resolved.isRemote) return resolved.name
    for await (const _piece of resolved.source.open('catalog.dat')) break
    return resolved.name
  } catch (error) {
    if (hasCode(error, 'CATALOG_SOURCE_INVALID') || isFeedFailure(error)) return undefined
    throw error
  }
}

/** Looks now and then every minute. @returns its end: resolves when nothing runs */
export function startDaily(deps: DailyDeps, onError: (error: unknown) => void): () => Promise<void> {
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  let looking = Promise.resolve()
  const look = (): void => {
    looking = lookForImports(deps)
      .catch(onError)
      .then(() => {
        if (!stopped) timer = setTimeout(look, Math.min(LOOK_EVERY_MS, deps.intervalMs))
      })
  }
  look()
  return async () => {
    stopped = true
    clearTimeout(timer)
    await looking
  }
}
