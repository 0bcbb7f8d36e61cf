// A Slipway that several files use one after the other: a cluster takes most of a quarter of a minute to start, and
// one that has worked before is the better test. Whoever opens it empties it first, over its own API.
import { closeSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { StringDecoder } from 'node:string_decoder'
import { setTimeout as pause } from 'node:timers/promises'
import { type Api, createApi, type JobRow } from './api.ts'
import { type Output, repositoryRoot } from './child.ts'
import { makeDataDir } from './data-dir.ts'
import { adminPassword, startSlipway } from './slipway.ts'

export interface OpenSlipway {
  url: string
  dataDir: string
  password: string
  /** Of a shared one from its start on. */
  child: Output
  api: Api
  /** For the teardown: stops what was started here. */
  close(): Promise<void>
}

/** What the runner tells of a running Slipway, as JSON in SLIPWAY_SHARED. */
export interface SharedPlace {
  url: string
  dataDir: string
  /** The file with what it prints. */
  output: string
}

/** From where catalogs are imported. */
export const feedDir = join(repositoryRoot, 'deploy/standalone/demo')

/** Settings under which all who share can work. */
const sharedSettings = {
  // Some look for passwords in the logs, at all levels.
  LOG_LEVEL: 'trace',
  // A busy machine may take seconds for a page of 1000; how soon 503 is said is for the tests of outages.
  GATEWAY_READ_TIMEOUT: '30s',
  CATALOG_FEED_DIR: feedDir,
}

/** An empty Slipway in the shape that is chosen: the runner's, if it has one for us, else one of our own. */
export async function openSlipway(): Promise<OpenSlipway> {
  const place = process.env['SLIPWAY_SHARED']
  if (place !== undefined) return enter(JSON.parse(place) as SharedPlace)
  const { slipway, close } = await startForSharing()
  return { ...slipway, close }
}

/** Starts a Slipway that many can use. @param onLine hears each line that it prints */
export async function startForSharing(onLine?: (line: string) => void) {
  const dataDir = await makeDataDir()
  const listener = onLine === undefined ? {} : { onLine }
  const slipway = await startSlipway(dataDir.path, { env: sharedSettings, ...listener })
  const close = async () => {
    await slipway.child.stop()
    await dataDir.remove()
  }
  return { slipway, close }
}

async function enter({ url, dataDir, output }: SharedPlace): Promise<OpenSlipway> {
  const api = createApi(url, 'root', adminPassword)
  await empty(api)
  const { child, close } = follow(output)
  return { url, dataDir, password: adminPassword, child, api, close: async () => close() }
}

type Rows = Record<string, Record<string, unknown>[]>

/** Removes everything that users can make; job ids go on, and so do counters. */
async function empty(api: Api): Promise<void> {
  const list = async (path: string) => Object.values(await api.ok<Rows>('GET', path))[0] ?? []
  for (const { scope, name, paused } of await list('/dispatch')) {
    if (paused === true) {
      await api.ok('POST', '/dispatch', { scope, ...(scope === 'global' ? {} : { name }), paused: false })
    }
  }
  const running = await api.ok<{ install_job_list: JobRow[] }>('GET', '/install?status=in-progress')
  for (const { id } of running.install_job_list) {
    await api.call('POST', `/install/${id}/cancel`)
    await api.jobWhen(id, ({ status }) => status !== 'in-progress')
  }
  // In an order in which nothing is in use. With a host go its jobs.
  const kinds = {
    hosts: 'hostname',
    regions: 'region_name',
    jump_hosts: 'hostname',
    server_repositories: 'hostname',
    custom_command_profiles: 'profile_name',
    users: 'username',
  }
  for (const [kind, key] of Object.entries(kinds)) {
    const names = async () =>
      (await list(`/${kind}`)).map((row) => String(row[key])).filter((name) => name !== 'root')
    // A list without a page is the first thousand of many hosts.
    for (let left = await names(); left.length > 0; left = await names()) {
      while (left.length > 0) {
        const few = left.splice(0, 20)
        await Promise.all(few.map((name) => api.ok('DELETE', `/${kind}/${encodeURIComponent(name)}/delete`)))
      }
    }
  }
  for (const { directory, file } of await list('/distributions')) {
    await api.ok('DELETE', `/distributions/${directory}/${file}`)
  }
}

/** What stands in a file that grows. */
function follow(path: string): { child: Output; close(): void } {
  const file = openSync(path, 'r')
  const chunk = Buffer.alloc(1024 * 1024)
  const decoder = new StringDecoder('utf8')
  const known: string[] = []
  let rest = ''
  function lines(): readonly string[] {
    for (let size = readSync(file, chunk); size > 0; size = readSync(file, chunk)) {
      const parts = (rest + decoder.write(chunk.subarray(0, size))).split('\n')
      rest = parts.pop() ?? ''
      for (const part of parts) known.push(part)
    }
    return known
  }
  async function line(predicate: (line: string) => boolean, timeoutMs = 240_000): Promise<string> {
    const deadline = performance.now() + timeoutMs
    for (;;) {
      const found = lines().find(predicate)
      if (found !== undefined) return found
      if (performance.now() > deadline) throw new Error(`no such line within ${timeoutMs} ms`)
      await pause(50)
    }
  }
  const child = {
    get lines() {
      return lines()
    },
    line,
  }
  return { child, close: () => closeSync(file) }
}
