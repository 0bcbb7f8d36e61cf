// The cluster as its user meets it: `npm run cluster` comes up, says who runs where, serves, survives the stop of any
// replica under load without a failed request, and goes away in order.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { processIdentity } from '@slipway/database'
import { haveNatsServer, until } from '@slipway/test-kit'
import t from 'tap'
import { findFreePorts } from '../src/ports.ts'

const password = 'a-password-for-tests-only'
const authorization = `Basic ${Buffer.from(`root:${password}`).toString('base64')}`
/** `  scheduler-2 process 4711    health, metrics http://127.0.0.1:5006` */
const MEMBER = /^ {2}(\S+) +process (\d+) +(?:health, metrics )?(\S+)/

interface Running {
  child: ChildProcess
  url: string
  lines: string[]
  members: Map<string, { pid: number; at: string }>
}

function start(dataDir: string, port: number): Promise<Running> {
  const { PATH = '', HOME = '' } = process.env
  const child = spawn(process.execPath, [fileURLToPath(new URL('../start.mjs', import.meta.url))], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH, HOME, PORT: String(port), SLIPWAY_DATA_DIR: dataDir, SLIPWAY_ADMIN_PASSWORD: password },
  })
  const lines: string[] = []
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`ended (${code}):\n${lines.join('\n')}`)))
    createInterface({ input: child.stdout }).on('line', (line) => {
      lines.push(line)
      if (!line.startsWith('Slipway is ready')) return
      const found = lines.flatMap((each) => {
        const [, name = '', pid = '', at = ''] = MEMBER.exec(each) ?? []
        return name === '' ? [] : [[name, { pid: Number(pid), at }] as const]
      })
      resolve({ child, url: `http://127.0.0.1:${port}`, lines, members: new Map(found) })
    })
  })
}

interface Answer {
  status: number
  body: string
}

function get(url: string, agent?: Agent): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { headers: { authorization }, ...(agent ? { agent } : {}) }, (response) => {
      let body = ''
      response.on('data', (chunk) => {
        body += String(chunk)
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }))
      response.on('error', reject)
    })
    sent.on('error', reject)
    sent.end()
  })
}

/** Asks without a pause over connections that stay open, until told to stop. @returns what was not answered with 200 */
function load(url: string, clients: number) {
  const agent = new Agent({ keepAlive: true, maxSockets: clients })
  const failures: string[] = []
  let asked = 0
  let stopped = false
  async function ask(path: string): Promise<void> {
    while (!stopped) {
      asked += 1
      const answer = await get(`${url}${path}`, agent).catch((error: Error) => ({
        status: 0,
        body: error.message,
      }))
      if (answer.status !== 200) failures.push(`${path} ${answer.status} ${answer.body}`)
    }
  }
  const all = Array.from({ length: clients }, (_, n) =>
    ask(n % 2 === 0 ? '/api/v1/install' : '/api/v1/regions'),
  )
  return {
    asked: () => asked,
    async stop() {
      stopped = true
      await Promise.all(all)
      agent.destroy()
      return failures
    },
  }
}

if (haveNatsServer(t)) {
  t.test('the cluster on one machine', async (t) => {
    const dataDir = await mkdtemp(join(tmpdir(), 'slipway-cluster-'))
    t.teardown(() => rm(dataDir, { recursive: true, force: true }))
    const [port = 0] = await findFreePorts(21_000 + (process.pid % 8_000), 1)
    const cluster = await start(dataDir, port)
    t.teardown(() => cluster.child.kill('SIGKILL'))
    const { url, members, lines } = cluster

    await t.test('says who runs where, and serves', async (t) => {
      t.same([...members.keys()].sort(), [
        'auth',
        'executor-1',
        'executor-2',
        'executor-3',
        'gateway-1',
        'gateway-2',
        'inventory',
        'nats',
        'scheduler-1',
        'scheduler-2',
      ])
      t.match(lines.at(-1), `Slipway is ready on ${url}`)
      t.equal((await get(`${url}/readyz`)).status, 200)
      t.match((await get(`${url}/api/v1/token`)).body, /"token":"eyJ/)
      for (const [name, { at }] of members) {
        if (name !== 'nats') t.equal((await get(`${at}/readyz`)).status, 200, name)
      }
      t.notOk(lines.some((line) => line.includes(password)))
    })

    await t.test('gives session logs to nobody without a ticket', async (t) => {
      const { at = '' } = members.get('executor-1') ?? {}
      t.match(await get(`${at}/install/logs/1`), { status: 400, body: /AUTH_NOT_AUTHORIZED/ })
    })

    await t.test('loses no request when a replica stops, and starts it again', async (t) => {
      const traffic = load(url, 4)
      for (const name of ['gateway-1', 'scheduler-1', 'executor-1']) {
        process.kill(members.get(name)?.pid ?? 0, 'SIGTERM')
        const again = `  ${name} runs again`
        await until(() => lines.some((line) => line.startsWith(again)), { message: again, timeoutMs: 30_000 })
      }
      const failures = await traffic.stop()
      t.same(failures, [], `of ${traffic.asked()} requests`)
    })

    await t.test('stops in order on Ctrl-C, which all its processes get', async (t) => {
      const ended = new Promise((resolve) => cluster.child.once('exit', resolve))
      const pids = [...members.values()].map(({ pid }) => pid)
      for (const pid of pids.filter((each) => each !== members.get('nats')?.pid)) signal(pid)
      cluster.child.kill('SIGINT')
      t.equal(await ended, 0)
      t.equal(lines.at(-1), 'Stopped.')
      t.same(
        await Promise.all(pids.map(processIdentity)),
        pids.map(() => undefined),
      )
    })
  })
}

/** SIGINT as a terminal sends it; some processes were replaced by others meanwhile. */
function signal(pid: number): void {
  try {
    process.kill(pid, 'SIGINT')
  } catch {
    // Gone.
  }
}
