// Names of the files in a session log. Flat, unique, and harmless on any file system: whatever a command looks
// like, its file name consists of word characters and hyphens.

/** Runs of what must not stand in a file name: `show isis neighbor | include x` → `show-isis-neighbor-include-x`. */
const NOT_A_WORD = /\W+/g
const LONGEST = 120

/** The file of a captured command: `show running-config` → `show-running-config.txt`. */
export function captureName(command: string): string {
  const stem = command.trim().replace(NOT_A_WORD, '-').replace(/^-|-$/g, '').slice(0, LONGEST)
  return `${stem === '' ? 'command' : stem}.txt`
}

/** The name itself, or with a number before its ending: `a.txt`, `a-2.txt`, `a-3.txt`. Case does not tell names apart. */
export function uniqueName(name: string, taken: ReadonlySet<string>): string {
  const used = new Set([...taken].map((each) => each.toLowerCase()))
  const dot = name.indexOf('.')
  const stem = dot < 0 ? name : name.slice(0, dot)
  const ending = dot < 0 ? '' : name.slice(dot)
  let candidate = name
  for (let n = 2; used.has(candidate.toLowerCase()); n += 1) candidate = `${stem}-${n}${ending}`
  return candidate
}

/** A file of a session log and the attempt it belongs to. */
export interface LoggedFile {
  readonly attempt: number
  readonly name: string
}

/**
 * The names under which the files of all attempts stand in one flat archive: those of the last attempt as they are,
 * those of earlier ones behind `attempt-<n>-`.
 */
export function archiveNames<F extends LoggedFile>(files: readonly F[]): { file: F; name: string }[] {
  const last = Math.max(0, ...files.map((file) => file.attempt))
  const taken = new Set<string>()
  const ordered = [...files].sort((a, b) => b.attempt - a.attempt || a.name.localeCompare(b.name, 'en'))
  return ordered.map((file) => {
    const wanted = file.attempt === last ? file.name : `attempt-${file.attempt}-${file.name}`
    const name = uniqueName(wanted, taken)
    taken.add(name)
    return { file, name }
  })
}
