/** The command loop of a session: prompt, line, faults, command, output. */
import { interpret } from '../commands/interpreter.ts'
import { FAULT_KINDS } from '../faults.ts'
import { pause } from '../install/install-engine.ts'
import type { RouterCore } from '../router-core.ts'
import { hasSimCode, simError } from '../sim-error.ts'
import { INPUT_BUFFER } from './line-editor.ts'
import { promptText } from './prompt.ts'
import { type Session, sessionGone } from './session.ts'

const MAX_HISTORY = 50
/** What a `garbage` fault prints: control bytes, an escape sequence, half a prompt. */
const GARBAGE = '\x00\xff\xfe\x1b[2J\x07\b\b\x1b]0;x\x07RP/0/\x80\x81#@!~{\n'

/** Serves a session until it ends. Never rejects for a session that went away. */
export async function runShell(router: RouterCore, session: Session): Promise<void> {
  try {
    while (!session.ending) await oneLine(router, session)
    session.close()
  } catch (error) {
    if (!hasSimCode(error, 'SIM_SESSION_CLOSED')) throw error
  }
}

/** Runs one command without prompt or echo, as `ssh host "show version"` asks for. */
export async function runOnce(router: RouterCore, session: Session, line: string): Promise<void> {
  session.tty.setScreen({ lines: 0, columns: 0 })
  try {
    router.received(line, session)
    await carryOut(router, session, line)
    session.close()
  } catch (error) {
    if (!hasSimCode(error, 'SIM_SESSION_CLOSED')) throw error
  }
}

async function oneLine(router: RouterCore, session: Session): Promise<void> {
  const { tty, plane } = session
  const prompt = promptText(router.profile, router.hostname, plane)
  tty.print(prompt)
  for (const notice of session.takeNotices()) tty.print(`${notice}\n`)
  const line = await tty.readLine({
    prompt,
    echo: true,
    history: session.history,
    endOfInput: 'exit',
    help: (typed) => interpret.help(router, session.plane, typed),
    complete: (typed) => interpret.complete(router, session.plane, typed),
    accepted: (typed) => router.received(typed, session),
  })
  if (line === undefined || line.trim() === '') return
  if (line.length > INPUT_BUFFER) {
    tty.print('Error: input buffer overflow\n')
    return
  }
  session.history.push(line)
  if (session.history.length > MAX_HISTORY) session.history.shift()
  await carryOut(router, session, line)
}

async function carryOut(router: RouterCore, session: Session, line: string): Promise<void> {
  const drop = router.faults.take(FAULT_KINDS.drop, line)
  if (drop !== undefined && drop.after !== 'output') cut(session)
  if (router.faults.take(FAULT_KINDS.hang, line) !== undefined) await sessionGone(session.signal)
  if (router.faults.take(FAULT_KINDS.garbage, line) !== undefined) session.tty.print(GARBAGE)
  const slow = router.faults.take(FAULT_KINDS.slow, line)
  if (slow !== undefined) await pause(slow.delayMs ?? 1000, session.signal)
  const rejected = router.faults.take(FAULT_KINDS.reject, line)
  if (rejected === undefined) await interpret.run(router, session, line)
  else session.tty.print(`${rejected.text ?? '% This command is not authorized'}\n`)
  if (drop !== undefined) cut(session)
}

function cut(session: Session): never {
  session.destroy()
  throw simError('SIM_SESSION_CLOSED', 'cut by a fault')
}
