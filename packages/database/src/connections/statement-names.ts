// Names of prepared statements. A statement with a name is parsed and planned once a connection instead of at every
// call; planning our larger ones takes longer than running them.
import { createHash } from 'node:crypto'

/** Each connection keeps what is prepared: statements beyond this number (lists written out, say) stay nameless. */
const MOST_NAMES = 500

/** Gives a statement the same name each time; undefined where it is to stay nameless. */
export function createStatementNames(): (statement: { sql: string }) => string {
  const names = new Map<string, string>()
  return ({ sql }) => {
    const known = names.get(sql)
    if (known !== undefined) return known
    if (names.size >= MOST_NAMES) return ''
    const name = `s${createHash('sha256').update(sql).digest('hex').slice(0, 32)}`
    names.set(sql, name)
    return name
  }
}
