/** What a running command may use. */
import type { RouterCore } from '../router-core.ts'
import type { Plane, Session } from '../session/session.ts'
import type { Token } from './token.ts'

/** Context of one command. */
export interface CommandContext {
  readonly router: RouterCore
  readonly session: Session
  /** Plane the command runs in, which a one-line `admin …` changes for itself. */
  readonly plane: Plane
  /** The whole line as typed. */
  readonly line: string
  /** Tokens after the command's keywords. */
  readonly args: readonly Token[]
  /** Prints at once, past pipes and pager. */
  readonly print: (text: string) => void
  /** Prints install lines, wrapped to the terminal's width. */
  readonly printLines: (lines: readonly string[]) => void
  /** Asks and reads an answer; undefined when the user pressed Ctrl-C. `newline` false: none is printed after it. */
  readonly ask: (question: string, echo?: boolean, newline?: boolean) => Promise<string | undefined>
  /** Asks for one key. */
  readonly askKey: (question: string) => Promise<string>
  /** The `^` marker under an argument, or `% Incomplete command.` without one. */
  readonly invalid: (argument?: Token) => string
  /** Runs a line in another plane and returns its text. */
  readonly runIn: (plane: Plane, line: string, column: number) => Promise<string | undefined>
}
