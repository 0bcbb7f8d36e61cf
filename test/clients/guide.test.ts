// The API guide's Python examples do what the guide says, with requests as Debian has it.
import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { havePrograms } from '@slipway/test-kit'
import t from 'tap'
import { repositoryRoot } from '../harness/child.ts'
import { fillInventory } from '../harness/fleet.ts'
import { startLab } from '../harness/lab.ts'
import { openSlipway } from '../harness/shared.ts'
import { adminPassword } from '../harness/slipway.ts'
import { findPython } from './python.ts'

const run = promisify(execFile)
const python = havePrograms(t, { python3: 'python3-requests' }) ? await findPython(t) : undefined
if (python !== undefined) await runGuide(python)

async function runGuide(python: string): Promise<void> {
  const [lab, slipway] = await Promise.all([startLab(), openSlipway()])
  const { api } = slipway
  const folder = await mkdtemp(join(tmpdir(), 'slipway-clients-'))
  t.teardown(async () => {
    await slipway.close()
    await lab.stop()
    await rm(folder, { recursive: true })
  })
  const router = lab.router('asr9k', 'ssh')
  await fillInventory(api, lab, [router])

  /** Runs an example with what the guide says must be replaced. @returns what it printed */
  async function example(name: string, changes: Record<string, string>, ...args: string[]): Promise<string> {
    let text = await readFile(join(repositoryRoot, 'test', 'clients', name), 'utf8')
    for (const [printed, actual] of Object.entries({ 'http://localhost:5000': slipway.url, ...changes })) {
      if (!text.includes(printed)) throw new Error(`${printed} does not stand in ${name}`)
      text = text.replaceAll(printed, actual)
    }
    const { stdout } = await run(python, ['-c', text, ...args], { cwd: folder, timeout: 60_000 })
    return stdout.trim()
  }
  const credentials = { '<username>': 'root', '<password>': adminPassword }
  const token = await example('acquire_token.py', credentials)

  t.test('an access token is acquired with user name and password', async (t) => {
    t.match(token, /^eyJ[\w-]+\.[\w-]+\.[\w-]+$/)
  })
  t.test('hosts are created with the token as user name', async (t) => {
    const printed = await example('create_hosts.py', {}, token)
    t.ok(printed.startsWith('200 '), printed)
    t.same(JSON.parse(printed.slice(4)), {
      api_response: {
        host_list: [
          { status: 'SUCCESS', hostname: 'My Host 1' },
          { status: 'SUCCESS', hostname: 'My Host 2' },
        ],
      },
    })
  })
  t.test('session logs are fetched and extracted', async (t) => {
    const { install_job_list: jobs } = await api.ok<{ install_job_list: { id: number }[] }>(
      'POST',
      '/install',
      {
        hostname: router.name,
        install_action: 'Pre-Upgrade',
      },
    )
    const id = jobs[0]?.id ?? 0
    await api.jobWhen(id, (job) => job.status === 'completed')
    t.equal(await example('get_logs.py', { 'install/logs/13': `install/logs/${id}` }, token, folder), '')
    t.ok((await readdir(folder)).includes('session.log'))
    t.match(await readFile(join(folder, 'session.log'), 'utf8'), /RP\/0\/R/)
  })
  t.test('where there are no logs the example says so', async (t) => {
    t.equal(await example('get_logs.py', {}, token, folder), 'No session logs.')
  })
}
