/**
 * Edits one line: Backspace, Ctrl-U (whole line), Ctrl-W (word), Ctrl-R (redraw), Ctrl-V (next key literally),
 * `?` (help), Tab (completion), Ctrl-P/Ctrl-N and the arrow keys (history). A line longer than the terminal
 * scrolls sideways behind a `$`, as XR's does.
 */
const CTRL = {
  c: '\x03',
  d: '\x04',
  n: '\x0e',
  p: '\x10',
  r: '\x12',
  u: '\x15',
  v: '\x16',
  w: '\x17',
} as const
const BACKSPACES = new Set(['\b', '\x7f'])
const ESC = '\x1b'
/** Longest line a terminal buffers. */
export const INPUT_BUFFER = 1024

/** How a line shall be read. */
export interface LineOptions {
  /** Text before the line; the editor needs it to redraw, it does not print it at first. */
  readonly prompt: string
  /** False for passwords. */
  readonly echo: boolean
  /** False: nothing is printed when the line ends. */
  readonly newline?: boolean
  /** Called in the same turn the newline arrives. */
  readonly accepted?: (line: string) => void
  /** Text shown when `?` is pressed; without it `?` is an ordinary character. */
  readonly help?: (line: string) => string
  /** Completion of the line for Tab. */
  readonly complete?: (line: string) => string
  /** Earlier lines, oldest first. */
  readonly history?: readonly string[]
  /** Value for Ctrl-D on an empty line; without it the key does nothing. */
  readonly endOfInput?: string
  /** Longest line, default {@link INPUT_BUFFER}. */
  readonly limit?: number
}

interface EditorDeps {
  readonly print: (text: string) => void
  readonly finish: (line: string | undefined) => void
  readonly screen: () => { readonly columns: number }
  readonly echoes: boolean
}

interface State {
  line: string
  /** First character shown; above 0 the line is scrolled. */
  start: number
  literal: boolean
  escape: string | undefined
  recalled: number
  overflow: boolean
}

/** Makes the consumer of a line's characters; newlines arrive as `\n`. */
export function createLineEditor(deps: EditorDeps, options: LineOptions): (char: string) => void {
  const state: State = {
    line: '',
    start: 0,
    literal: false,
    escape: undefined,
    recalled: options.history?.length ?? 0,
    overflow: false,
  }
  const show = options.echo && deps.echoes
  const out = (text: string) => {
    if (show) deps.print(text)
  }
  const redraw = () => {
    const columns = deps.screen().columns
    const shown = visible(state)
    const blank = columns === 0 ? 0 : Math.max(0, columns - 1 - options.prompt.length - shown.length)
    out(`\r${options.prompt}${shown}${' '.repeat(blank)}${'\b'.repeat(blank)}`)
  }
  const replace = (line: string) => {
    out('\b \b'.repeat(visible(state).length))
    state.line = ''
    state.start = 0
    for (const char of line) append(state, char, deps, options, out, redraw)
  }
  const finish = (line: string | undefined) => {
    if (deps.echoes && options.newline !== false) deps.print(line === undefined ? '^C\n' : '\n')
    if (line !== undefined) options.accepted?.(line)
    deps.finish(line)
  }
  return (char) => {
    if (state.escape !== undefined)
      return finishEscape(state, char, () => recall(state, options, char, replace))
    if (state.literal) {
      state.literal = false
      append(state, char, deps, options, out, redraw)
    } else if (char === '\n') {
      finish(state.overflow ? state.line.padEnd((options.limit ?? INPUT_BUFFER) + 1) : state.line)
    } else if (char === CTRL.c) finish(undefined)
    else if (char === CTRL.d) {
      if (state.line === '' && options.endOfInput !== undefined) finish(options.endOfInput)
    } else if (BACKSPACES.has(char)) erase(state, out, redraw)
    else if (char === CTRL.u) replace('')
    else if (char === CTRL.w) replace(state.line.replace(/\S*\s*$/, ''))
    else if (char === CTRL.v) state.literal = true
    else if (char === CTRL.r) redraw()
    else if (char === CTRL.p) recall(state, options, 'A', replace)
    else if (char === CTRL.n) recall(state, options, 'B', replace)
    else if (char === ESC) state.escape = ''
    else if (char === '?' && options.help !== undefined) {
      deps.print(`?\n${options.help(state.line)}${options.prompt}${visible(state)}`)
    } else if (char === '\t') replace(options.complete?.(state.line) ?? state.line)
    else if (char >= ' ') append(state, char, deps, options, out, redraw)
  }
}

function visible(state: State): string {
  return state.start > 0 ? `$${state.line.slice(state.start)}` : state.line
}

function append(
  state: State,
  char: string,
  deps: EditorDeps,
  options: LineOptions,
  out: (text: string) => void,
  redraw: () => void,
): void {
  if (state.line.length >= (options.limit ?? INPUT_BUFFER)) {
    state.overflow = true
    return
  }
  state.line += char
  const { columns } = deps.screen()
  const room = columns - options.prompt.length - 2
  if (columns > 0 && room > 10 && visible(state).length > room) {
    state.start = state.line.length - Math.floor(room / 2)
    redraw()
  } else out(char)
}

function erase(state: State, out: (text: string) => void, redraw: () => void): void {
  if (state.line === '') return
  state.line = state.line.slice(0, -1)
  if (state.start > 0 && state.start >= state.line.length) {
    state.start = Math.max(0, state.line.length - 10)
    redraw()
  } else out('\b \b')
}

/** `ESC [ A` and friends; a lone ESC and one letter is swallowed. */
function finishEscape(state: State, char: string, arrow: () => void): void {
  const isIntroducer = state.escape === '' && (char === '[' || char === 'O')
  const isParameter = state.escape !== '' && /[\d;]/.test(char) && (state.escape?.length ?? 0) < 16
  if (isIntroducer || isParameter) {
    state.escape += char
    return
  }
  state.escape = undefined
  arrow()
}

/** Arrow up (`A`) and down (`B`). */
function recall(state: State, options: LineOptions, key: string, replace: (line: string) => void): void {
  const history = options.history ?? []
  const wanted = state.recalled + (key === 'A' ? -1 : 1)
  if ((key !== 'A' && key !== 'B') || wanted < 0 || wanted > history.length) return
  state.recalled = wanted
  replace(history[wanted] ?? '')
}
