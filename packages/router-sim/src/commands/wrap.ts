/** Wrapping of install texts to the terminal's width. */

/** `Info:     text`: the marker and its blanks are repeated on continuation lines. */
const MARKED = /^((?:Info|Error|Warning):)(\s*)(.*)$/

/** Wraps long lines at blanks; 0 columns: not at all. */
export function wrapLines(lines: readonly string[], columns: number): string[] {
  if (columns < 20) return [...lines]
  return lines.flatMap((line) => wrapLine(line, columns - 1))
}

function wrapLine(line: string, width: number): string[] {
  if (line.length <= width) return [line]
  const marked = MARKED.exec(line)
  const prefix = marked === null ? '' : `${marked[1]}${marked[2]}`
  const words = (marked?.[3] ?? line).split(' ')
  const wrapped: string[] = []
  let current = prefix + (words.shift() ?? '')
  for (const word of words) {
    if (current.length + 1 + word.length > width) {
      wrapped.push(current)
      current = prefix + word
    } else current += ` ${word}`
  }
  return [...wrapped, current]
}
