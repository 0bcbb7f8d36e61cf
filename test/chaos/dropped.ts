// Operations that a router dropped. 64-bit XR asks something in the middle of one (whether it may restart, a repository's
// password) and gives it up when the session ends before the answer. Whoever kills an executor just then has the job fail
// with the router's words: sending the command again is for the operator to decide. Here it is the suite.
import { type RouterSession, sendsChange } from './sessions.ts'

/** `[yes/no]:[yes] `, `Password: `: at the end of all that was said. */
const QUESTION = /(?:\[yes\/no\](?::\[yes\])?|password:) *$/i

/** How many operations of a job its router dropped, by the router's own transcript. */
export function droppedOperations(sessions: readonly RouterSession[], job: number): number {
  return sessions.filter(
    ({ owner, words, said, closed }) =>
      owner?.job === job &&
      closed !== Infinity &&
      words.some(sendsChange) &&
      QUESTION.test(said.at(-1)?.text ?? ''),
  ).length
}
