// Rows by COPY: PostgreSQL stores the first while we still make the last, nothing is parsed as JSON, and however many
// rows there are, it is one statement. The text format: https://www.postgresql.org/docs/15/sql-copy.html
import { pipeline } from 'node:stream/promises'
import type pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'

/** What stands in a column; a list is an array in PostgreSQL. */
export type CopyCell = string | number | null | readonly (string | number)[]

/** A client that a transaction was begun on. */
export type CopyClient = Pick<pg.ClientBase, 'query'>

/** What separates columns and rows, what escapes them, and what PostgreSQL cannot hold. */
const SPECIAL = /[\\\t\n\r\0]/
const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\t': '\\t',
  '\n': '\\n',
  '\r': '\\r',
  // No text of PostgreSQL holds it; half a pair of surrogates becomes the same sign when it is written as UTF-8.
  '\0': '\ufffd',
}
/** In a list's quoted text. */
const QUOTED_SPECIAL = /["\\]/g

/** A row as COPY reads it, with its line end. */
export function copyLine(cells: readonly CopyCell[]): string {
  return `${cells.map(textOf).join('\t')}\n`
}

function textOf(cell: CopyCell): string {
  if (cell === null) return '\\N'
  if (typeof cell === 'number') return String(cell)
  return escaped(typeof cell === 'string' ? cell : arrayText(cell))
}

function escaped(text: string): string {
  return SPECIAL.test(text) ? text.replace(/[\\\t\n\r\0]/g, (special) => ESCAPES[special] ?? '') : text
}

/** `{"10.0.0.1","a \"quoted\" one"}`, `{22,2022}` */
function arrayText(items: readonly (string | number)[]): string {
  const texts = items.map((item) =>
    typeof item === 'number' ? String(item) : `"${item.replace(QUOTED_SPECIAL, '\\$&')}"`,
  )
  return `{${texts.join(',')}}`
}

/**
 * Writes rows into a table, by constants of the caller; `portions` are lines of `copyLine`. The next portion is asked
 * for when the connection has taken the last one. Without any portion nothing is sent. Errors: PostgreSQL's (a row
 * it refuses, a key that is there), those of `portions`; the transaction can then only be rolled back.
 */
export async function copyRows(
  client: CopyClient,
  table: string,
  columns: readonly string[],
  portions: AsyncIterable<string>,
): Promise<void> {
  const rest = portions[Symbol.asyncIterator]()
  const first = await rest.next()
  if (first.done === true) return
  const names = columns.map((name) => `"${name}"`).join(', ')
  const all = async function* () {
    yield first.value
    yield* { [Symbol.asyncIterator]: () => rest }
  }
  await pipeline(all, client.query(copyFrom(`COPY "${table}" (${names}) FROM STDIN`)))
}
