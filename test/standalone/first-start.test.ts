// The very first start may fail on the way: what it told only once must not be lost, and the reason must be plain.
// A demo may be interrupted: the next one must work all the same.
import { createServer } from 'node:net'
import t, { type Test } from 'tap'
import { startNode } from '../harness/child.ts'
import { makeDataDir } from '../harness/data-dir.ts'
import { freePort } from '../harness/slipway.ts'

const start = (dataDir: string, port: number, ...argv: string[]) =>
  startNode(['deploy/standalone/start.mjs', ...argv], { PORT: String(port), SLIPWAY_DATA_DIR: dataDir })

async function occupiedPort(t: Test): Promise<number> {
  const port = await freePort()
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  return port
}

t.test('a first start on an occupied port says so, and shows the password it generated', async (t) => {
  const dataDir = await makeDataDir()
  t.teardown(() => dataDir.remove())
  const port = await occupiedPort(t)
  const failed = start(dataDir.path, port)
  t.match(await failed.exited, { code: 1, signal: null })
  t.ok(
    failed.lines.includes(
      `Slipway cannot start: port ${port} of 127.0.0.1 is in use. Set PORT to another one.`,
    ),
  )
  const shown = failed.lines.map((line) => /^ {2}password +(\S+) +\(generated/.exec(line)?.[1])
  const password = shown.find((found) => found !== undefined) ?? ''
  const next = start(dataDir.path, await freePort())
  t.teardown(() => next.stop())
  const ready = await next.line((line) => line.startsWith('Slipway is ready'))
  const url = /http:\S+/.exec(ready)?.[0]
  const authorization = `Basic ${Buffer.from(`root:${password}`).toString('base64')}`
  t.equal((await fetch(`${url}/api/v1/token`, { headers: { authorization } })).status, 200)
  t.notOk(next.lines.some((line) => line.includes('password')))
})

t.test(
  'a demo that was interrupted in the middle of a job does not stand in the way of the next',
  async (t) => {
    const dataDir = await makeDataDir()
    t.teardown(() => dataDir.remove())
    const interrupted = start(dataDir.path, await freePort(), '--demo')
    await interrupted.line((line) => line.includes('Copying'))
    t.equal((await interrupted.stop('SIGINT')).code, 0)
    const next = start(dataDir.path, await freePort(), '--demo')
    t.teardown(() => next.stop())
    const upgrading = await next.line((line) => /^(?:Upgrading|The demo failed)/.test(line))
    t.match(upgrading, /^Upgrading lab-asr9k-telnet-1 \(2\) /)
    await next.line((line) => /Pre-Upgrade +completed/.test(line))
  },
)
