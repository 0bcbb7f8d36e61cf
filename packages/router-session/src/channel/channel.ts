// A terminal as text: bytes are logged, decoded and freed of control sequences, then go to the one reader of
// the moment, or to the idle listener when nobody is talking (messages after the prompt).
import { StringDecoder } from 'node:string_decoder'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { hasDeviceCode } from '../device-error.ts'
import type { LogScrub } from '../scrub/log-scrub.ts'
import type { Terminal } from '../transport/transport.ts'
import { createControlStripper } from './control-codes.ts'
import { type QuietTimes, quietTimes } from './timing.ts'

/** How long a polite close may take before the connection is cut. */
const CLOSE_GRACE_MS = 500

/** Who listens to a channel. */
export interface ChannelListener {
  onText: (text: string) => void
  onClose: () => void
}

/** What may be told about a channel. */
export interface ChannelOptions {
  log?: (bytes: Buffer) => void
  quietTimes?: Partial<QuietTimes>
}

export interface Channel {
  readonly open: boolean
  /** Why the connection is gone, if something on the way to the device is to blame. */
  readonly reason: string | undefined
  /** Resolves when the connection is gone, however. Never rejects. */
  readonly closed: Promise<void>
  readonly newline: string
  readonly scrub: LogScrub
  readonly timing: Readonly<QuietTimes>
  /** Writes in this very turn. */
  write: (text: string) => void
  /** Resolves when all written bytes have left and all received bytes were handed on. */
  settled: () => Promise<void>
  /** Makes this the one who listens; text kept for it comes first. Returns the undo, which may keep text for the next. */
  attach: (listener: ChannelListener) => (rest?: string) => void
  /** Text that arrives while nobody is attached. */
  onIdle: (listener: (text: string) => void) => void
  /** Text for whoever attaches next, before anything new. */
  keep: (text: string) => void
  /** Hands held-back bytes to the log: the stream rests at a prompt. */
  flushLog: () => void
  close: () => Promise<void>
}

/** Makes the channel of a terminal. */
export function createChannel(terminal: Terminal, scrub: LogScrub, options: ChannelOptions = {}): Channel {
  const { stream } = terminal
  const { log } = options
  const decoder = new StringDecoder('utf8')
  const strip = createControlStripper()
  let listener: ChannelListener | undefined
  let idle: (text: string) => void = () => {}
  let kept = ''
  let open = true
  let closing = false
  let reason: string | undefined

  const emitLog = (bytes: Buffer) => {
    if (bytes.length > 0) log?.(bytes)
  }
  const flushLog = () => emitLog(scrub.flush())

  const closed = new Promise<void>((resolve) => {
    const gone = () => {
      if (!open) return
      open = false
      flushLog()
      listener?.onClose()
      resolve()
      terminal.destroy()
    }
    stream.on('end', gone)
    stream.on('close', gone)
    stream.on('error', (error: unknown) => {
      if (open && hasDeviceCode(error, 'JUMP_HOST_UNREACHABLE') && error instanceof Error) {
        reason = error.message
      }
      gone()
    })
  })
  stream.on('data', (bytes: Buffer) => {
    if (log !== undefined) emitLog(scrub.push(bytes))
    const text = strip(decoder.write(bytes))
    if (text === '') return
    if (listener === undefined) idle(text)
    else listener.onText(text)
  })

  return {
    get open() {
      return open && !closing
    },
    get reason() {
      return reason
    },
    closed,
    newline: terminal.newline,
    scrub,
    timing: { ...quietTimes, ...options.quietTimes },
    write: (text) => {
      if (open && !closing) stream.write(text)
    },
    async settled() {
      while (open && !closing && stream.writableLength > 0) await nextTurn()
      // One turn of the event loop reads what the kernel already holds.
      await nextTurn()
    },
    attach(next) {
      listener = next
      const text = kept
      kept = ''
      if (text !== '') next.onText(text)
      return (rest = '') => {
        if (listener === next) listener = undefined
        kept = rest
      }
    },
    onIdle: (next) => {
      idle = next
    },
    keep: (text) => {
      kept += text
    },
    flushLog,
    async close() {
      if (!open) return
      closing = true
      terminal.end()
      const cut = setTimeout(() => terminal.destroy(), CLOSE_GRACE_MS)
      const gone = setTimeout(() => stream.destroy(), CLOSE_GRACE_MS)
      await closed
      clearTimeout(cut)
      clearTimeout(gone)
    },
  }
}
