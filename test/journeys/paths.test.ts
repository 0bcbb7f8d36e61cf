// The ways to routers and files that are not direct: through an SSH jump host, from an FTP repository.
import { until } from '@slipway/test-kit'
import t from 'tap'
import type { JobRow } from '../harness/api.ts'
import { fillInventory, isCommitted, packagesWhen, scheduleUpgrade } from '../harness/fleet.ts'
import { startLab } from '../harness/lab.ts'
import { findSecrets } from '../harness/secrets.ts'
import { openSlipway } from '../harness/shared.ts'

const lab = await startLab(['--jump-host', '--ftp'])
const slipway = await openSlipway()
const { api } = slipway
t.teardown(async () => {
  await slipway.close()
  await lab.stop()
})

const behind = lab.routers.filter(({ jump_host: jump }) => jump !== undefined)
const ftp = lab.ftp
if (ftp === undefined) throw new Error('the lab has no FTP repository')
await fillInventory(api, lab, behind, ftp)

const ended = (job: JobRow) => job.status === 'completed' || job.status === 'failed'

t.test('routers behind a jump host are upgraded from an FTP repository', async (t) => {
  t.same(behind.map(({ family }) => family).sort(), ['asr9k', 'ncs5500'], 'classic and eXR')
  // Side by side, through one connection to the jump host for each executor.
  const upgrades = await Promise.all(behind.map((router) => scheduleUpgrade(api, lab, router, ftp)))
  for (const [index, router] of behind.entries()) {
    await api.jobWhen(upgrades[index]?.['Commit'] ?? 0, ended, 120_000)
    const jobs = await api.jobs(router.name)
    t.same(
      jobs.map((job) => [job.install_action, job.status, job.trace]).sort(),
      ['Activate', 'Add', 'Commit', 'Post-Upgrade', 'Pre-Upgrade'].map((action) => [action, 'completed', '']),
      router.name,
    )
    const kinds = (await lab.mutations(router.name)).map(({ kind }) => kind)
    t.same(kinds, ['add', 'activate', 'commit'])
    const packages = await packagesWhen(api, router.name, isCommitted)
    t.ok(packages.length > 0)
    t.ok(
      packages.every(({ state }) => state !== 'active'),
      'everything active is committed',
    )
  }
  const downloads = Object.keys((await lab.counts(`/repositories/${ftp.row.hostname}`))['downloads'] ?? {})
  for (const { family } of behind) {
    for (const file of ftp.packages[family] ?? [])
      t.ok(downloads.includes(`/${file}`), `${file} came over FTP`)
  }
  t.same(findSecrets(slipway.child.lines.join('\n'), lab.passwords), [])
})

t.test('a jump host that is away fails the job and says so; when it is back the next one runs', async (t) => {
  const [router] = behind
  if (router?.jump_host === undefined) throw new Error('no router behind a jump host')
  const { name } = router.jump_host
  const check = async () => {
    const { install_job_list: created } = await api.ok<{ install_job_list: { id: number }[] }>(
      'POST',
      '/install',
      { hostname: router.name, install_action: 'Pre-Upgrade' },
    )
    return api.jobWhen(created[0]?.id ?? 0, ended)
  }
  await lab.tell(`/jump-hosts/${name}/stop`)
  const failed = await check()
  t.equal(failed.status, 'failed')
  t.match(`${failed.status_message} ${failed.trace}`, /refused|jump host/i)
  await lab.tell(`/jump-hosts/${name}/start`)
  t.equal((await check()).status, 'completed')
  await until(async () => (await lab.counts(`/jump-hosts/${name}`))['channels'] === 0, {
    message: 'no channel stays open',
  })
})
