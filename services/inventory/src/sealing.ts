/** Seals a secret for one field of one row of a table; the result can be opened for no other place. */
export type SealFor<Field extends string = string> = (rowId: string, field: Field, secret: string) => string

/** The sealed form to store: absent keeps, null (or nothing in it) clears. */
export function keptSecret(
  given: string | null | undefined,
  existing: string | undefined,
  seal: () => string,
): string | undefined {
  if (given === undefined) return existing
  return given === null || given === '' ? undefined : seal()
}
