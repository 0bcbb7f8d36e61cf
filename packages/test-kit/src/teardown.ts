/** The part of tap's `t` that helpers need: what to undo when the test ends. Undone in reverse order. */
export interface Teardown {
  teardown(undo: () => unknown): unknown
}
