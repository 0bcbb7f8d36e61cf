/** `| include`, `| exclude`, `| begin`, `| utility egrep` behind a command. */

/** A command line taken apart. */
export interface PipedLine {
  readonly command: string
  /** Filters in order, without the bar. */
  readonly pipes: readonly string[]
}

/** Splits at bars outside quotes. */
export function splitPipes(line: string): PipedLine {
  const parts: string[] = ['']
  let quoted = false
  for (const char of line) {
    if (char === '"') quoted = !quoted
    if (char === '|' && !quoted) parts.push('')
    else parts[parts.length - 1] += char
  }
  const [command = '', ...pipes] = parts
  return { command, pipes: pipes.map((pipe) => pipe.trim()) }
}

/** `utility egrep -v "x"`, `include x`, `exclude x`, `begin x`, all abbreviable. */
const FILTER = /^(?:(u\w*)\s+(e?grep)|(i\w*|e\w*|b\w*))\s+(?:-([a-z])\s+)?(.+)$/i

/** Applies the filters; an error text when one is not understood. */
export function applyPipes(text: string, pipes: readonly string[]): string {
  return pipes.reduce(applyPipe, text)
}

function applyPipe(text: string, pipe: string): string {
  const filter = FILTER.exec(pipe)
  if (filter === null) return '% Invalid piping command'
  const pattern = compile((filter[5] ?? '').replace(/^"(.*)"$/, '$1'), filter[4] === 'i')
  if (pattern === undefined) return '% Error parsing piping string. Quitting'
  const lines = text.split('\n')
  const verb = (filter[3] ?? 'include').charAt(0).toLowerCase()
  if (verb === 'b') {
    const first = lines.findIndex((line) => pattern.test(line))
    return first < 0 ? '' : lines.slice(first).join('\n')
  }
  const wanted = verb === 'i' && filter[4] !== 'v'
  return lines.filter((line) => pattern.test(line) === wanted).join('\n')
}

function compile(source: string, ignoreCase: boolean): RegExp | undefined {
  try {
    return new RegExp(source, ignoreCase ? 'i' : '')
  } catch {
    return undefined
  }
}
