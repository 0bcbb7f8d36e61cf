// Messages nobody asked for: `RP/0/RP0/CPU0:Deploy#May 31 20:15:10 Install operation 3 finished successfully`.
// They come behind a prompt, with or without another prompt after them.
import { createTerminalLines } from '../channel/terminal-lines.ts'
import { deviceError } from '../device-error.ts'

/** How much is remembered, in characters. */
const MEMORY = 65_536

export interface Unsolicited {
  /** Everything remembered. */
  readonly text: string
  /** A piece of stream that arrived while nobody was reading. */
  stream: (text: string) => void
  /** Text a command found around itself; returns its messages, one a line. */
  add: (text: string) => string
  /** The line still open in the stream; it is given up here. */
  takeOpenLine: () => string
  onLine: (listener: (line: string) => void) => () => void
  waitFor: (
    pattern: RegExp,
    options: { timeoutMs: number; signal?: AbortSignal },
    closed: Promise<void>,
  ) => Promise<RegExpExecArray | undefined>
}

/** Makes the collector of a session; `prompts` are taken off the lines. */
export function createUnsolicited(prompts: () => readonly RegExp[]): Unsolicited {
  const lines = createTerminalLines()
  const listeners = new Set<(line: string) => void>()
  const changed = new Set<() => void>()
  let text = ''

  function add(more: string): string {
    const found = more
      .split('\n')
      .map((line) => withoutPrompt(line, prompts()).trim())
      .filter((line) => line !== '')
    for (const line of found) {
      text = `${text}${line}\n`.slice(-MEMORY)
      for (const listener of [...listeners]) listener(line)
    }
    return found.join('\n')
  }
  const tellChanged = () => {
    for (const listener of [...changed]) listener()
  }
  const onLine = (listener: (line: string) => void) => {
    listeners.add(listener)
    return () => {
      listeners.delete(listener)
    }
  }

  return {
    get text() {
      return text
    },
    stream(chunk) {
      add(lines.push(chunk))
      tellChanged()
    },
    add(more) {
      const messages = add(plain(more))
      tellChanged()
      return messages
    },
    takeOpenLine() {
      const { line } = lines
      lines.cut(0)
      return line
    },
    onLine,
    waitFor: (pattern, options, closed) => {
      // The line that is still open counts: nothing need follow the message for a long time.
      const wanted = new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, ''))
      return waitForText(() => wanted.exec(text + lines.line), options, closed, changed)
    },
  }
}

function plain(text: string): string {
  const lines = createTerminalLines()
  return lines.push(text) + lines.line
}

function withoutPrompt(line: string, prompts: readonly RegExp[]): string {
  for (const prompt of prompts) {
    const match = prompt.exec(line)
    if (match !== null) return withoutPrompt(line.slice(match[0].length), prompts)
  }
  return line
}

function waitForText(
  find: () => RegExpExecArray | null,
  { timeoutMs, signal }: { timeoutMs: number; signal?: AbortSignal },
  closed: Promise<void>,
  changed: Set<() => void>,
): Promise<RegExpExecArray | undefined> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => {
      clearTimeout(timer)
      changed.delete(look)
      signal?.removeEventListener('abort', abort)
      act()
    }
    const abort = () =>
      settle(() => reject(deviceError('DEVICE_ABORTED', 'Waiting for a message was aborted')))
    const look = () => {
      const match = find()
      if (match !== null) settle(() => resolve(match))
    }
    const timer = setTimeout(() => settle(() => resolve(undefined)), timeoutMs)
    changed.add(look)
    if (signal?.aborted) return abort()
    signal?.addEventListener('abort', abort, { once: true })
    void closed.then(() =>
      settle(() => reject(deviceError('DEVICE_DISCONNECTED', 'The device closed the connection'))),
    )
    look()
  })
}
