// The main job: a full upgrade over HTTP only, on both router kinds, over both protocols.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { until } from '@slipway/test-kit'
import t, { type Test } from 'tap'
import type { JobRow } from '../harness/api.ts'
import {
  fillInventory,
  isCommitted,
  type PackageRow,
  packagesOn,
  packagesWhen,
  region,
  scheduleUpgrade,
} from '../harness/fleet.ts'
import { type LabRouter, startLab } from '../harness/lab.ts'
import { findSecrets } from '../harness/secrets.ts'
import { type OpenSlipway, openSlipway } from '../harness/shared.ts'
import { adminPassword } from '../harness/slipway.ts'
import { readZip } from '../harness/zip.ts'

const chain = ['Pre-Upgrade', 'Add', 'Activate', 'Post-Upgrade', 'Commit']
const lab = await startLab()
const slipway = await openSlipway()
const { api } = slipway

t.teardown(async () => {
  await slipway.close()
  await lab.stop()
})

await fillInventory(api, lab)

const routers = [
  lab.router('asr9k', 'telnet'),
  lab.router('asr9k', 'ssh'),
  lab.router('ncs5500', 'ssh'),
  lab.router('ncs5500', 'telnet'),
]

t.test('routers are upgraded side by side, as a fleet is', async (t) => {
  t.jobs = routers.length
  for (const router of routers) {
    const name = `${router.family} over ${router.protocol}, from Pre-Upgrade to Commit`
    t.test(name, { buffered: true }, (t) => upgrade(t, router))
  }
})

async function upgrade(t: Test, router: LabRouter): Promise<void> {
  await discovered(slipway, router.name)
  const before = await packagesOn(api, router.name)
  const ids = await scheduleUpgrade(api, lab, router)
  t.same(Object.keys(ids).sort(), [...chain].sort(), 'one job an action')
  await api.jobWhen(ids['Commit'] ?? 0, ended)
  const jobs = await api.jobs(router.name)
  t.same(
    jobs.map((job) => [job.install_action, job.status, job.trace]).sort(),
    chain.map((action) => [action, 'completed', '']).sort(),
  )
  await checkChain(t, jobs, ids)
  await checkOutcome(t, before, router.name)
  const commands = (await lab.mutations(router.name)).map(({ kind }) => kind)
  for (const kind of ['add', 'activate', 'commit']) {
    t.equal(commands.filter((each) => each === kind).length, 1, `the router got one ${kind}`)
  }
  for (const job of jobs) await checkLog(t, job)
}

t.test('Deactivate, Commit and Remove take a package off again', async (t) => {
  for (const router of routers.slice(1, 3)) {
    const extra = (await packagesOn(api, router.name)).find(({ name }) => /mcast|mgbl/.test(name))
    if (!extra) throw new Error('the upgrade brought no optional package')
    for (const install_action of ['Deactivate', 'Commit', 'Remove']) {
      const row = { hostname: router.name, install_action, software_packages: extra.name }
      const created = await api.ok<{ install_job_list: { id: number }[] }>('POST', '/install', row)
      const job = await api.jobWhen(created.install_job_list[0]?.id ?? 0, ended)
      t.equal(
        job.status,
        'completed',
        `${install_action} on ${router.name}: ${job.status_message} ${job.trace}`,
      )
      if (install_action !== 'Commit') t.ok(job.package_change_list.length > 0, 'the change is told')
    }
    const isGone = (packages: PackageRow[]) => packages.every(({ name }) => name !== extra.name)
    t.ok(isGone(await packagesWhen(api, router.name, isGone)), 'the package is gone from the inventory')
  }
})

t.test('no password of the lab is in any log, answer, database or zip', async (t) => {
  const secrets = [...lab.passwords, adminPassword]
  const answers = await Promise.all(
    ['/hosts', '/server_repositories', '/jump_hosts', '/install', '/regions'].map((path) =>
      api.call('GET', path),
    ),
  )
  t.same(findSecrets(JSON.stringify(answers), secrets), [], 'answers')
  t.same(findSecrets(slipway.child.lines.join('\n'), secrets), [], 'what the process printed, at level trace')
  const jobs = await api.ok<{ install_job_list: JobRow[] }>('GET', '/install')
  for (const job of jobs.install_job_list) {
    for (const [name, content] of await readZip(await api.zip(job.id))) {
      t.same(findSecrets(content.toString('latin1'), secrets), [], `${job.id} ${name}`)
    }
  }
  t.same(await findSecrets.inDatabases(slipway.dataDir, secrets), [], 'dumps of the databases')
  t.same(findSecrets.inFiles(slipway.dataDir, secrets, ['postgres']), [], 'files below the data directory')
  t.ok(readFileSync(join(slipway.dataDir, 'master.key'), 'utf8').startsWith('k1:'))
})

function ended(job: JobRow): boolean {
  return job.status === 'completed' || job.status === 'failed' || /failed\)/.test(job.status_message)
}

async function discovered(slipway: OpenSlipway, hostname: string): Promise<void> {
  const path = `/hosts?hostname=${hostname}&region=${encodeURIComponent(region)}`
  const look = async () => {
    const { host_list: hosts } = await slipway.api.ok<{ host_list: { family: string }[] }>('GET', path)
    return hosts[0]?.family !== 'Unknown'
  }
  await until(look, { message: `${hostname} is discovered`, timeoutMs: 30_000 })
}

async function checkChain(t: Test, jobs: JobRow[], ids: Record<string, number>): Promise<void> {
  for (const [position, action] of chain.entries()) {
    const job = jobs.find((each) => each.install_action === action)
    t.equal(
      job?.dependency,
      position === 0 ? '' : ids[chain[position - 1] ?? ''],
      `${action} follows the one before`,
    )
  }
}

async function checkOutcome(t: Test, before: unknown, hostname: string): Promise<void> {
  const after = await packagesWhen(api, hostname, isCommitted)
  t.not(JSON.stringify(before), JSON.stringify(after), 'the packages changed')
  t.ok(after.some(({ state }) => state === 'active-committed'))
  t.notOk(
    after.some(({ state }) => state === 'active'),
    'everything active is committed',
  )
}

async function checkLog(t: Test, job: JobRow): Promise<void> {
  const files = await readZip(await api.zip(job.id))
  const session = files.get('session.log')?.toString() ?? ''
  t.match(session, /RP\/0\/R/, `${job.install_action} has a session log with prompts`)
}
