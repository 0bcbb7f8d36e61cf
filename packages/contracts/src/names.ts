// Names of hosts, regions, jump hosts, server repositories and profiles (REST contract, section 1).

const ALLOWED_NAME = /^[A-Za-z0-9 ().\-_:+@/]+$/
/** A blank at an end or beside another: what normalizing changes. */
const LOOSE_BLANK = /^\s|\s$| {2}/

/** Trims and collapses runs of blanks, as names are compared after that. */
export function normalizeName(raw: string): string {
  return LOOSE_BLANK.test(raw) ? raw.trim().replace(/ +/g, ' ') : raw
}

/** True if a normalized name holds only letters, digits, blanks and `( ) . _ : + @ / -`, and is not `.` or `..`. */
export function isValidName(name: string): boolean {
  return ALLOWED_NAME.test(name) && name !== '.' && name !== '..'
}
