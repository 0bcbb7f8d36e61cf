/**
 * The terminal side of a session: echoes character by character, edits lines, asks questions, pages output.
 * Bytes that arrive while nobody reads are kept (type-ahead) and echoed when they are read, as XR does.
 */
import { simError } from '../sim-error.ts'
import { createLineEditor, type LineOptions } from './line-editor.ts'
import type { Wire } from './wire.ts'

/** Type-ahead beyond this is dropped. */
const MAX_TYPE_AHEAD = 64 * 1024
const CTRL_C = '\x03'
const MORE = ' --More-- '

/** Paging set-up of a terminal; 0 lines: never page, 0 columns: never wrap. */
export interface Screen {
  readonly lines: number
  readonly columns: number
}

/** A session's terminal. */
export interface Tty {
  /** Writes text; every `\n` becomes CR LF. */
  readonly print: (text: string) => void
  /**
   * Reads an edited line. `accepted` is called in the same turn the newline arrived.
   * Undefined: the user pressed Ctrl-C. Rejects with SIM_SESSION_CLOSED when the line is gone.
   */
  readonly readLine: (options: LineOptions) => Promise<string | undefined>
  /** Reads one key, not echoed; the newline sent along with it is swallowed. */
  readonly readKey: () => Promise<string>
  /** Prints text page by page; false when the user quit. */
  readonly page: (text: string) => Promise<boolean>
  /** Called for Ctrl-C while nobody reads. */
  readonly onInterrupt: (listener: (() => void) | undefined) => void
  readonly screen: () => Screen
  readonly setScreen: (screen: Partial<Screen>) => void
  /** True while a line is being read. */
  readonly reading: () => boolean
}

type Consumer = (char: string) => void

/** Who wants to know what happens on a terminal. */
export interface TtyWatch {
  /** The user types. */
  readonly touched: () => void
  /** The router says something, line ends as on the wire. */
  readonly said: (text: string) => void
}

/** Makes the terminal of a wire. */
export function createTty(wire: Wire, { touched, said }: TtyWatch): Tty {
  let queue = ''
  let consumer: Consumer | undefined
  let interrupt: (() => void) | undefined
  let afterReturn = false
  let closed = false
  let rejectReader: ((error: Error) => void) | undefined
  let chosen: Partial<Screen> = {}

  const print = (text: string) => {
    if (closed) return
    const sent = text.replace(/\r?\n/g, '\r\n')
    wire.write(sent)
    said(sent)
  }
  const deliver = (char: string) => {
    const followsReturn = afterReturn && (char === '\n' || char === '\0')
    afterReturn = char === '\r'
    if (followsReturn) return
    consumer?.(char === '\r' ? '\n' : char)
  }
  const drain = () => {
    while (consumer !== undefined && queue !== '') {
      const char = queue.charAt(0)
      queue = queue.slice(1)
      deliver(char)
    }
  }
  wire.onData((bytes) => {
    touched()
    const text = bytes.toString('latin1')
    const cut = consumer === undefined && interrupt !== undefined ? text.lastIndexOf(CTRL_C) : -1
    queue = cut < 0 ? (queue + text).slice(0, MAX_TYPE_AHEAD) : text.slice(cut + 1)
    if (cut >= 0) interrupt?.()
    drain()
  })
  wire.onClose(() => {
    closed = true
    rejectReader?.(closedError())
  })
  const read = <T>(start: (finish: (value: T) => void) => Consumer) =>
    new Promise<T>((resolve, reject) => {
      if (closed) return reject(closedError())
      rejectReader = reject
      consumer = start((value) => {
        consumer = undefined
        resolve(value)
      })
      drain()
    })
  const screen = (): Screen => ({
    lines: chosen.lines ?? positive(wire.size()?.rows, 24),
    columns: chosen.columns ?? positive(wire.size()?.columns, 80),
  })
  const readKey = () =>
    read<string>((finish) => (char) => {
      finish(char)
      if (char !== '\n') queue = queue.replace(/^(?:\r\n|\r\0|\r|\n)/, '')
    })
  return {
    print,
    readLine: (options) =>
      read<string | undefined>((finish) =>
        createLineEditor({ print, finish, screen, echoes: wire.echoes }, options),
      ),
    readKey,
    page: (text) => pageText(text, { print, readKey, lines: () => screen().lines }),
    onInterrupt(listener) {
      interrupt = listener
    },
    screen,
    setScreen(change) {
      chosen = { ...chosen, ...change }
    },
    reading: () => consumer !== undefined,
  }
}

function closedError(): Error {
  return simError('SIM_SESSION_CLOSED', 'the session is gone')
}

function positive(value: number | undefined, otherwise: number): number {
  return value !== undefined && value > 0 ? Math.min(value, 512) : otherwise
}

interface PageDeps {
  readonly print: (text: string) => void
  readonly readKey: () => Promise<string>
  readonly lines: () => number
}

/** Space shows a page, Enter a line, anything else ends the output. */
async function pageText(text: string, { print, readKey, lines }: PageDeps): Promise<boolean> {
  const rows = text.replace(/\n$/, '').split('\n')
  const height = lines()
  if (height === 0) {
    print(`${rows.join('\n')}\n`)
    return true
  }
  let left = Math.max(1, height - 1)
  for (const [index, row] of rows.entries()) {
    print(`${row}\n`)
    left -= 1
    if (left > 0 || index === rows.length - 1) continue
    print(MORE)
    const key = await readKey()
    print('\b'.repeat(MORE.length) + ' '.repeat(MORE.length) + '\b'.repeat(MORE.length))
    if (key !== ' ' && key !== '\n') return false
    left = key === ' ' ? Math.max(1, height - 1) : 1
  }
  return true
}
