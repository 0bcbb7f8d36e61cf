/** A word of a command line with the column it begins at. */
export interface Token {
  readonly text: string
  readonly column: number
}
