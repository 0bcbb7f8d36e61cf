// The record of a watched job, told in pages: what is new is asked for once and told to all who are at the same place.
// Whoever lags (a late watcher, a slow reader) is in a group of his own, whose page is bounded by where the foremost
// ended, so that they become one group. Nobody's page is fetched before he has taken the one before: a slow reader
// costs no memory.
import type { executorMessages, JobPosition, ReplyOf } from '@slipway/contracts'
import type { Asker } from '../http/backend.ts'
import { type Cursor, formatCursor, samePosition } from './cursor.ts'
import { partsText } from './event-text.ts'
import type { Watcher } from './watcher.ts'

type Page = ReplyOf<typeof executorMessages.followJob>

/** Reads the next page after a position, at most up to another. */
export type ReadPage = (asker: Asker, after: JobPosition, until: JobPosition | undefined) => Promise<Page>

/** Tells all who take more what follows on what they have. @returns true if there is more yet */
export async function tellPages(readPage: ReadPage, watchers: ReadonlySet<Watcher>): Promise<boolean> {
  const hungry = [...watchers].filter((watcher) => watcher.ready() && !watcher.atEnd)
  let foremost: { position: JobPosition; more: boolean } | undefined
  let more = false
  for (const group of groupsOf(hungry)) {
    const here = () => group.filter((watcher) => watchers.has(watcher))
    const [first] = here()
    if (first === undefined) continue
    const { cursor, asker } = first
    const page = await readPage(asker, cursor.position, foremost?.position)
    const position = tellPage(here(), cursor, page)
    foremost ??= { position, more: page.more }
    more ||= page.more
    const atEnd = !page.more && !foremost.more && samePosition(position, foremost.position)
    for (const watcher of here()) watcher.atEnd = atEnd
  }
  return more
}

/** @returns where they are now */
function tellPage(group: readonly Watcher[], from: Cursor, { after, parts }: Page): JobPosition {
  const { text, cursor } = partsText(parts, { ...from, position: after })
  const bytes = Buffer.from(text)
  for (const watcher of group) {
    watcher.cursor = cursor
    if (bytes.length > 0) watcher.send(bytes)
  }
  return cursor.position
}

/** Watchers who have seen the same, the foremost first. */
function groupsOf(watchers: readonly Watcher[]): Watcher[][] {
  const groups = new Map<string, Watcher[]>()
  for (const watcher of watchers) {
    const key = formatCursor(watcher.cursor)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [watcher])
    else group.push(watcher)
  }
  return [...groups.values()].sort(([a], [b]) =>
    a && b ? byProgress(b.cursor.position, a.cursor.position) : 0,
  )
}

/** Any order will do that puts those with more before those with less where the one includes the other. */
function byProgress(a: JobPosition, b: JobPosition): number {
  return a.attempt - b.attempt || a.seq + a.steps + a.terminal - (b.seq + b.steps + b.terminal)
}
