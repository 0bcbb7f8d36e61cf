// The names that a request mentions, found before anything else of its rows is known, so that the inventory can look
// them up meanwhile. Nothing is refused here: what is wrong with a row is told when it is read.
import { type inventoryMessages, isValidName, normalizeName, type RequestOf } from '@slipway/contracts'
import { mapInTurns } from '../rows/in-turns.ts'
import { fieldValue, type JsonRow } from '../rows/json-row.ts'
import { MAX_ITEMS } from '../rows/value-types.ts'

/** All names in these rows that something may have, as they are compared. */
export async function mentionedNames(
  rows: readonly JsonRow[],
): Promise<RequestOf<typeof inventoryMessages.resolveNames>> {
  const hostnames = new Set<string>()
  const repositories = new Set<string>()
  const profiles = new Set<string>()
  await mapInTurns(rows, (row) => {
    collect(fieldValue(row, 'hostname'), hostnames)
    collect(fieldValue(row, 'server_repository'), repositories)
    collect(fieldValue(row, 'command_profile'), profiles)
  })
  return { hostnames: [...hostnames], repositories: [...repositories], profiles: [...profiles] }
}

/** A name holds no comma, so a text with some is a list of names, or none. Of lists that are too long the rest is left. */
function collect(value: unknown, names: Set<string>): void {
  for (const text of Array.isArray(value) ? value.slice(0, MAX_ITEMS) : [value]) {
    if (typeof text !== 'string') continue
    for (const part of text.includes(',') ? text.split(',', MAX_ITEMS) : [text]) {
      const name = normalizeName(part)
      if (isValidName(name)) names.add(name)
    }
  }
}
