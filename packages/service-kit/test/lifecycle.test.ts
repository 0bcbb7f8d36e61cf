import { spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { createLogger, createReleasers, type Running, runProcess } from '../src/index.ts'

t.test('what was acquired is released in reverse order, whatever fails', async (t) => {
  const released: string[] = []
  const heard: string[] = []
  const releasers = createReleasers({ onFailure: ({ name }) => heard.push(name) })
  releasers.push('database', () => void released.push('database'))
  releasers.push('broken', () => {
    throw new Error('broken')
  })
  releasers.push('rejected', async () => {
    throw new Error('rejected')
  })
  releasers.push('server', async () => void released.push('server'))
  const first = releasers.release()
  const failures = await first
  t.same(released, ['server', 'database'])
  t.same(
    failures.map(({ name }) => name),
    ['rejected', 'broken'],
  )
  t.match(failures[0]?.error, { message: 'rejected' })
  t.same(heard, ['rejected', 'broken'])
  t.equal(await releasers.release(), failures)
  t.same(released, ['server', 'database'], 'once')
})

t.test('an undo that hangs is left behind at its deadline', async (t) => {
  const released: string[] = []
  const releasers = createReleasers()
  releasers.push('first', () => void released.push('first'))
  releasers.push('hangs', () => new Promise(() => undefined), 5)
  const failures = await releasers.release()
  t.same(released, ['first'])
  t.match(failures, [{ name: 'hangs', error: { message: 'not released within 5 ms' } }])
})

t.test('what is acquired while releasing, or after, is released too', async (t) => {
  const released: string[] = []
  const releasers = createReleasers()
  releasers.push('first', () => {
    releasers.push('late', () => void released.push('late'))
    released.push('first')
  })
  await releasers.release()
  t.same(released, ['first', 'late'])
  releasers.push('after', () => void released.push('after'))
  await releasers.release()
  t.same(released, ['first', 'late', 'after'])
})

/** Plays `process`: signals are emitted, the exit code is a promise. */
function play(t: Test, start: (signal: AbortSignal) => Promise<Running>, graceMs = 60_000) {
  const [events, stdout, stderr] = [new EventEmitter(), new EventEmitter(), new EventEmitter()]
  const lines: Record<string, unknown>[] = []
  const log = createLogger({
    service: 'test',
    level: 'info',
    destination: { write: (line) => void lines.push(JSON.parse(line)) },
  })
  let nowMs = 0
  const exits: number[] = []
  const exited = new Promise<number>((resolve) => {
    const host = {
      on: (event: string, listener: (...values: unknown[]) => void) => events.on(event, listener),
      off: (event: string, listener: (...values: unknown[]) => void) => events.off(event, listener),
      exit(code: number) {
        exits.push(code)
        resolve(code)
      },
      stdout,
      stderr,
    }
    const clock = { now: () => new Date(nowMs), monotonicMs: () => nowMs }
    void runProcess({ start, log, graceMs, clock, process: host })
  })
  const advance = (ms: number) => {
    nowMs += ms
  }
  const said = () => lines.map((line) => line['msg'])
  t.equal(events.listenerCount('SIGINT'), 1)
  return { events, stdout, stderr, exited, exits, advance, said }
}

function gate() {
  let open: (() => void) | undefined
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open: () => open?.() }
}

t.test('a signal stops the process in order and leaves no listener', async (t) => {
  let stops = 0
  const { events, exited, said } = play(t, async () => ({
    async stop() {
      stops++
    },
  }))
  events.emit('SIGTERM')
  t.equal(await exited, 0)
  t.equal(stops, 1)
  t.same(said(), ['stopping; a second signal exits at once'])
  t.equal(events.eventNames().length, 0)
})

t.test('it goes on when nobody reads what it prints', async (t) => {
  const { events, stdout, stderr, exited, exits } = play(t, async () => ({ stop: async () => undefined }))
  stdout.emit('error', Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }))
  stderr.emit('error', Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }))
  t.same(exits, [])
  events.emit('SIGTERM')
  t.equal(await exited, 0)
})

t.test('what is done by itself is stopped in order and tells the exit status', async (t) => {
  for (const status of [0, 1]) {
    let stops = 0
    const stop = async () => void stops++
    const { exited } = play(t, async () => ({ stop, done: Promise.resolve(status) }))
    t.equal(await exited, status)
    t.equal(stops, 1)
  }
})

t.test('a second signal exits at once, but not the echo of the first', async (t) => {
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    const { opened, open } = gate()
    const { events, exited, exits, advance } = play(t, async () => ({ stop: () => opened }))
    events.emit('SIGINT')
    events.emit('SIGINT')
    advance(400)
    events.emit('SIGINT')
    t.same(exits, [], 'npm forwards what the terminal has sent already')
    advance(200)
    events.emit(signal)
    t.equal(await exited, code)
    open()
  }
})

t.test('a stop that takes too long ends at its deadline', async (t) => {
  const { events, exited, said } = play(t, async () => ({ stop: () => new Promise(() => undefined) }), 5)
  events.emit('SIGINT')
  t.equal(await exited, 1)
  t.match(said().at(-1), /not stopped in time/)
})

t.test('a stop that fails is told by the exit status', async (t) => {
  const { events, exited, said } = play(t, async () => ({
    async stop() {
      throw new Error('stuck')
    },
  }))
  events.emit('SIGINT')
  t.equal(await exited, 1)
  t.equal(said().at(-1), 'stopping failed')
})

t.test('a start that fails ends with status 1', async (t) => {
  const { exited, said } = play(t, async () => {
    throw new Error('port in use')
  })
  t.equal(await exited, 1)
  t.same(said(), ['start failed'])
})

t.test('a start that throws before it returns a promise ends with status 1', async (t) => {
  const { exited } = play(t, () => {
    throw new Error('at once')
  })
  t.equal(await exited, 1)
})

t.test('a signal during the start is passed on, and what started nevertheless is stopped', async (t) => {
  const { opened, open } = gate()
  let stopped = false
  const { events, exited } = play(t, async (signal) => {
    signal.addEventListener('abort', open)
    await opened
    return {
      async stop() {
        stopped = true
      },
    }
  })
  events.emit('SIGINT')
  t.equal(await exited, 0)
  t.equal(stopped, true)
})

t.test('a start that gives up because of a signal is no failure', async (t) => {
  const { events, exited, said } = play(t, async (signal) => {
    await once(signal, 'abort')
    throw signal.reason
  })
  events.emit('SIGINT')
  t.equal(await exited, 0)
  t.equal(said().length, 1)
})

t.test('an error nobody handled is logged and stops the process with status 1', async (t) => {
  for (const event of ['unhandledRejection', 'uncaughtException']) {
    let stopped = false
    const { events, exited, said } = play(t, async () => ({
      async stop() {
        stopped = true
      },
    }))
    events.emit(event, new Error('lost'))
    t.equal(await exited, 1)
    t.equal(stopped, true)
    t.same(said(), ['an error nobody handled: stopping'])
  }
})

t.test('a real process stops on SIGINT and on an unhandled rejection', async (t) => {
  const script = fileURLToPath(new URL('fixtures/process.ts', import.meta.url))
  async function run(argument: string, onReady: (pid: number) => void) {
    const child = spawn(process.execPath, [...process.execArgv, script, argument], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString()
      if (chunk.includes('ready') && child.pid !== undefined) onReady(child.pid)
    })
    const [code] = await once(child, 'close')
    return { code, output }
  }
  const [interrupted, rejected] = await Promise.all([
    run('wait', (pid) => process.kill(pid, 'SIGINT')),
    run('reject', () => undefined),
  ])
  t.equal(interrupted.code, 0)
  t.match(interrupted.output, /stopped/)
  t.equal(rejected.code, 1)
  t.match(rejected.output, /an error nobody handled[\s\S]*stopped/)
})
