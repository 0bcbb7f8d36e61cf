// Work over the rows of a request in portions: ten thousand of them take a tenth of a second, in which nobody else
// would be answered.
import { setImmediate as nextTurn } from 'node:timers/promises'

/** Rows in one turn of the event loop: a few milliseconds of reading. */
const ROWS_PER_TURN = 500

/** What `map` makes of each row, in their order; between portions others have their turn. */
export async function mapInTurns<T, R>(rows: readonly T[], map: (row: T) => R): Promise<R[]> {
  const mapped: R[] = []
  for (const row of rows) {
    if (mapped.length % ROWS_PER_TURN === ROWS_PER_TURN - 1) await nextTurn()
    mapped.push(map(row))
  }
  return mapped
}

/** A turn for others before (more) work over many rows. */
export async function turnForOthers(rows: readonly unknown[]): Promise<void> {
  if (rows.length >= ROWS_PER_TURN) await nextTurn()
}
