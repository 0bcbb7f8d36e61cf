// The names that a request mentions, found before anything else of its rows is known, so that the inventory can look
// them up meanwhile. Nothing is refused here: what is wrong with a row is told when it is read.
import { type inventoryMessages, isValidName, normalizeName, type RequestOf } from '@slipway/contracts'
import { turnForOthers } from '../rows/in-turns.ts'
import { fieldValue, type JsonRow } from '../rows/json-row.ts'

/** All names in these rows that something may have, as they are compared. */
export async function mentionedNames(
  rows: readonly JsonRow[],
): Promise<RequestOf<typeof inventoryMessages.resolveNames>> {
  const names = {
    hostnames: namesUnder('hostname', rows),
    repositories: namesUnder('server_repository', rows),
    profiles: namesUnder('command_profile', rows),
  }
  await turnForOthers(rows)
  return names
}

function namesUnder(key: string, rows: readonly JsonRow[]): string[] {
  const names = new Set<string>()
  for (const row of rows) {
    const value = fieldValue(row, key)
    for (const text of Array.isArray(value) ? value : [value])
      if (typeof text === 'string') collect(text, names)
  }
  return [...names]
}

/** A name holds no comma, so a text with some is a list of names, or none. */
function collect(text: string, names: Set<string>): void {
  for (const part of text.includes(',') ? text.split(',') : [text]) {
    const name = normalizeName(part)
    if (isValidName(name)) names.add(name)
  }
}
