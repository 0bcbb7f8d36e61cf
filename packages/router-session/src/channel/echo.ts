// Finding the device's echo of a command, however it was wrapped, and with whatever came before it.

/** White space and control characters: what a terminal may add inside an echo. */
const BLANK = /[\s\x00-\x1f\x7f]/
/** How an echo may end: blanks and carriage returns, then the line end. */
const ECHO_END = /^[ \t\r\b\x0b]*(\n|$)?/
/** Commands at least this long are recognised anywhere, shorter ones only at a line start or after a prompt. */
const DISTINCTIVE_LENGTH = 12
/** A terminal that scrolls the line sideways shows only its end, after a `$` or backspaces. */
const SCROLLED_TAIL = 10

/** Text before the echo and after its line end. */
export interface Echo {
  before: string
  after: string
}

/**
 * Looks for the echo of `command` in what arrived since it was sent.
 * `prompts` match at a line start. Returns undefined while it is not complete.
 */
export function findEcho(head: string, command: string, prompts: readonly RegExp[]): Echo | undefined {
  const wanted = squash(command)
  if (wanted === '') return afterLineEnd(head, 0, 0)
  for (const start of candidateStarts(head, prompts)) {
    const end = matchFrom(head, start, wanted)
    if (end !== undefined) return afterLineEnd(head, start, end)
  }
  return wanted.length >= DISTINCTIVE_LENGTH
    ? (findAnywhere(head, wanted) ?? findScrolled(head, wanted))
    : undefined
}

function squash(text: string): string {
  return [...text].filter((char) => !BLANK.test(char)).join('')
}

/** Line starts, and the places right after a prompt at a line start. */
function candidateStarts(head: string, prompts: readonly RegExp[]): number[] {
  const starts: number[] = []
  for (let at = 0; at !== -1 && at <= head.length; at = nextLine(head, at)) {
    const line = /^[^\n]*/.exec(head.slice(at, at + 4096))?.[0] ?? ''
    for (const prompt of prompts) {
      const match = prompt.exec(line)
      if (match !== null && match.index === 0) starts.push(at + match[0].length)
    }
    starts.push(at)
  }
  return starts
}

function nextLine(text: string, from: number): number {
  const lineEnd = text.indexOf('\n', from)
  return lineEnd === -1 ? -1 : lineEnd + 1
}

function matchFrom(text: string, start: number, wanted: string): number | undefined {
  let found = 0
  for (let at = start; at < text.length; at += 1) {
    const char = text.charAt(at)
    if (BLANK.test(char)) continue
    if (char !== wanted.charAt(found)) return undefined
    found += 1
    if (found === wanted.length) return at + 1
  }
  return undefined
}

function findAnywhere(head: string, wanted: string): Echo | undefined {
  const first = wanted.charAt(0)
  for (let at = head.indexOf(first); at !== -1; at = head.indexOf(first, at + 1)) {
    const end = matchFrom(head, at, wanted)
    if (end !== undefined) return afterLineEnd(head, at, end)
  }
  return undefined
}

function findScrolled(head: string, wanted: string): Echo | undefined {
  const lineEnd = head.indexOf('\n')
  if (lineEnd === -1) return undefined
  const line = head.slice(0, lineEnd)
  const scrolled = /[$\b]/.test(line) && squash(line).endsWith(wanted.slice(-SCROLLED_TAIL))
  return scrolled ? { before: '', after: head.slice(lineEnd + 1) } : undefined
}

function afterLineEnd(head: string, start: number, end: number): Echo | undefined {
  const rest = head.slice(end)
  const skipped = ECHO_END.exec(rest)
  const lineEnded = skipped?.[1] === '\n'
  const length = skipped?.[0].length ?? 0
  if (!lineEnded && length >= rest.length) return undefined
  return { before: head.slice(0, start), after: rest.slice(length) }
}
