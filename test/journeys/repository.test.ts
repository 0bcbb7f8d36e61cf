// Slipway as its own server repository: software is published, a simulated eXR router is upgraded with it by one-time
// links, and nobody but that router ever sees them. In the shape that is chosen.
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import type { JobRow } from '../harness/api.ts'
import { makeDataDir } from '../harness/data-dir.ts'
import { heldFetchAt } from '../harness/described.ts'
import { fillInventory, isCommitted, packagesFor, packagesWhen, region } from '../harness/fleet.ts'
import { startLab } from '../harness/lab.ts'
import { findSecrets } from '../harness/secrets.ts'
import { openSlipway } from '../harness/shared.ts'
import { shape } from '../harness/slipway.ts'
import { readZip } from '../harness/zip.ts'

const { path: folder, remove } = await makeDataDir()
const lab = await startLab(['--data-dir', folder])
const slipway = await openSlipway()
const { api, url, password, dataDir } = slipway

t.teardown(async () => {
  await slipway.close()
  await lab.stop()
  await remove()
})

const held = heldFetchAt(url)
const router = lab.router('ncs5500', 'ssh')
const hostname = router.name
const files = packagesFor(lab, router)
const [first = ''] = files
/** `http://…/download/link/<token>` in a command as the router got it */
const LINK = /http:\/\/\S+\/download\/link\/([A-Za-z0-9_-]{43})/

await fillInventory(api, lab, [router])

t.test('software is published and its directory named as a repository', async (t) => {
  const authorization = `Basic ${Buffer.from(`root:${password}`).toString('base64')}`
  for (const file of files) {
    const to = `/api/v1/distributions/ncs5500/${file}?software=true`
    const body = await readFile(join(folder, file))
    const answer = await held(to, { method: 'PUT', headers: { authorization }, body })
    t.equal(answer.status, 201, file)
  }
  await api.ok('POST', '/server_repositories', {
    hostname: 'builtin',
    server_type: 'HTTP',
    server_address: new URL(url).host,
    home_directory: '/download',
  })
  await api.ok('POST', '/regions', { region_name: region, server_repositories: ['builtin'] })
})

t.test('what is not there is told before the router hears of it', async (t) => {
  for (const [directory, file] of [
    ['ncs5500', 'ncs5500-none-1.0.0.0-r601.x86_64.rpm'],
    ['nowhere', first],
  ] as const) {
    const job = await finished('Add', { software_packages: file, ...from(directory) })
    t.equal(job.status, 'failed')
    t.match(job.status_message, `Distribution '${directory}/${file}' does not exist.`)
  }
  t.same(await lab.mutations(hostname), [])
})

t.test('a router is upgraded with it', async (t) => {
  const software_packages = files.join(',')
  const added = await finished('Add', { software_packages, ...from('ncs5500') })
  t.equal(added.status, 'completed', `${added.status_message} ${added.trace}`)
  for (const [action, body] of [
    ['Activate', { software_packages }],
    ['Commit', {}],
  ] as const) {
    const job = await finished(action, body)
    t.equal(job.status, 'completed', `${action}: ${job.status_message} ${job.trace}`)
  }
  const packages = await packagesWhen(api, hostname, isCommitted)
  t.ok(packages.some(({ state }) => state === 'active-committed'))
  t.notOk(packages.some(({ state }) => state === 'active'))
  const sent = (await lab.mutations(hostname)).map(({ kind }) => kind)
  t.same(sent, ['add', 'activate', 'commit'], 'each once')
})

t.test('the link was for once', async (t) => {
  const [link] = await links()
  if (link === undefined) throw new Error('the router got no link')
  for (const file of files) t.equal(await status(`${link.url}/${file}`), '403', file)
  t.equal((await held(`${new URL(link.url).pathname}/other.rpm`)).status, 403)
})

t.test('who fetched what is on record', async (t) => {
  for (const file of files) {
    const { activity_list: rows } = await api.ok<{ activity_list: Record<string, unknown>[] }>(
      'GET',
      `/distributions/ncs5500/${file}/activity`,
    )
    const downloads = rows.filter(({ kind }) => kind === 'downloaded')
    t.equal(downloads.length, 1, file)
    t.match(downloads, [{ actor: new RegExp(`^link of job \\d+, router ${hostname}$`), complete: true }])
  }
})

t.test('the token stands in no log, answer, database or zip', async (t) => {
  const tokens = (await links()).map(({ token }) => token)
  t.equal(tokens.length, 1)
  t.same(
    findSecrets(slipway.child.lines.join('\n'), tokens),
    [],
    'what the processes printed, at level trace',
  )
  const { install_job_list: jobs } = await api.ok<{ install_job_list: JobRow[] }>('GET', '/install')
  t.same(findSecrets(JSON.stringify(jobs), tokens), [], 'answers')
  let told = 0
  for (const job of jobs) {
    for (const [name, content] of await readZip(await api.zip(job.id))) {
      t.same(findSecrets(content.toString('latin1'), tokens), [], `${job.id} ${name}`)
      if (content.includes('/download/link/***')) told += 1
    }
  }
  t.ok(told > 0, 'and yet what was sent is there')
  t.same(await findSecrets.inDatabases(dataDir, tokens), [], 'dumps of the databases')
  t.same(findSecrets.inFiles(dataDir, tokens, ['postgres']), [], `files of the ${shape}`)
})

async function links() {
  const found = (await lab.mutations(hostname)).map(({ text }) => LINK.exec(text))
  return found.flatMap((match) => (match === null ? [] : [{ url: match[0], token: match[1] ?? '' }]))
}

const from = (server_directory: string) => ({ server_repository: 'builtin', server_directory })

async function finished(install_action: string, body: object): Promise<JobRow> {
  const row = { hostname, install_action, ...body }
  const created = await api.ok<{ install_job_list: { id: number }[] }>('POST', '/install', row)
  return api.jobWhen(
    created.install_job_list[0]?.id ?? 0,
    ({ status }) => status === 'completed' || status === 'failed',
  )
}

async function status(...args: string[]): Promise<string> {
  const given = ['-s', '--max-time', '60', '-o', '/dev/null', '-w', '%{http_code}', ...args]
  return (await promisify(execFile)('curl', given)).stdout
}
