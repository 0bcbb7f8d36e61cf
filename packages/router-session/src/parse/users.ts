/** Our own line of `show users` begins with a star: `*  vty0   root   telnet   0  12:06:04     171.71.190.144`. */
const OWN_LINE = /^\s*\*.*$/m
/** A line of the network: `vty0`, `pts/0`. */
const NETWORK = /\bvty|\bpts/
/** A line of the chassis: `con0/RSP0/CPU0`, `aux0`. */
const CONSOLE = /\b(?:con|aux|tty)\d*/

/** Whether our session is on a console, by `show users`; undefined when the text does not tell. */
export function parseConsole(text: string): boolean | undefined {
  const line = OWN_LINE.exec(text)?.[0]
  if (line === undefined) return undefined
  if (NETWORK.test(line)) return false
  return CONSOLE.test(line) ? true : undefined
}
