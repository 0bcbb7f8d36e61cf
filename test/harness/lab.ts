// The lab as a black box: `npm run lab`, its JSON lines and its control API.
import { startNode } from './child.ts'

export interface LabRouter {
  kind: 'router'
  name: string
  family: 'asr9k' | 'ncs5500' | 'asr9k-x64'
  protocol: 'telnet' | 'ssh'
  address: string
  port: number
  user: string
  password: string
  /** Present: it is reached only through this one. */
  jump_host?: LabJumpHost
}

export interface LabJumpHost {
  name: string
  address: string
  port: number
  user: string
  password: string
}

export interface LabRepository {
  kind: 'repository'
  row: Record<string, string> & { hostname: string; password: string }
  packages: Record<string, string[]>
}

/** A mutating command as the router received it. */
export interface Mutation {
  kind: string
  text: string
  /** ISO 8601. */
  at: string
  /** Number of the session on that router. */
  session: number
}

/** One thing that happened on a session of a router, in one order over all of its sessions. */
export interface TranscriptEntry {
  seq: number
  /** ISO 8601. */
  at: string
  /** Number of the session on that router. */
  session: number
  /** `answer`: a reply to a question of a command. */
  what: 'opened' | 'line' | 'answer' | 'said' | 'closed'
  /** Of `line` and `said`. */
  text?: string
}

/** What the router itself says. */
export interface RouterState {
  name: string
  release: string
  counts: Readonly<Record<string, number>>
  mutations: readonly Mutation[]
}

export interface Lab {
  routers: LabRouter[]
  repository: LabRepository
  /** The same files over FTP; only with `--ftp`. */
  ftp: LabRepository | undefined
  /** Every password of the lab; none may ever be seen anywhere. */
  passwords: string[]
  router(family: LabRouter['family'], protocol: LabRouter['protocol']): LabRouter
  /** Counters of repositories and jump hosts, as the control API shows them. */
  counts(path: string): Promise<Record<string, unknown>>
  /** Sends a command of the control API. */
  tell(path: string): Promise<void>
  /** Mutating commands that the router received so far. */
  mutations(name: string): Promise<Mutation[]>
  /** Terminal sessions that are open on the router. */
  sessions(name: string): Promise<number>
  state(name: string): Promise<RouterState>
  /** What was received and said on the router's sessions; only with `--keep-transcript`. */
  transcript(name: string): Promise<TranscriptEntry[]>
  setFaults(name: string, faults: object[]): Promise<void>
  stop(): Promise<void>
}

/** Starts a lab with quick routers and waits until it is ready. */
export async function startLab(args: string[] = []): Promise<Lab> {
  const quick = [
    '--operation-ms',
    '400',
    '--reload-ms',
    '600',
    '--reload-delay-ms',
    '100',
    '--settle-ms',
    '200',
  ]
  const child = startNode(['deploy/standalone/start.mjs', '--lab', ...quick, ...args])
  await child.line((line) => line.includes('"kind":"ready"'))
  const lines = child.lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line))
  const routers: LabRouter[] = lines.filter((line) => line.kind === 'router')
  const repositories: LabRepository[] = lines.filter((line) => line.kind === 'repository')
  const [repository] = repositories
  if (repository === undefined) throw new Error('the lab has no repository')
  const { url: control }: { url: string } = lines.find((line) => line.kind === 'control')

  async function ask<T>(path: string, body?: unknown): Promise<T> {
    const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }
    const response = await fetch(`${control}${path}`, init)
    if (!response.ok) throw new Error(`lab ${path}: ${response.status} ${await response.text()}`)
    return (await response.json()) as T
  }

  return {
    routers,
    repository,
    ftp: repositories.find(({ row }) => row['server_type'] === 'FTP'),
    passwords: [
      ...new Set([
        ...routers.flatMap(({ password, jump_host: jump }) => [password, ...(jump ? [jump.password] : [])]),
        ...repositories.map(({ row }) => row.password),
      ]),
    ],
    router(family, protocol) {
      const found = routers.find((each) => each.family === family && each.protocol === protocol)
      if (!found) throw new Error(`the lab has no ${family} over ${protocol}`)
      return found
    },
    counts: (path) => ask<Record<string, unknown>>(path),
    tell: async (path) => void (await ask(path, {})),
    state: (name) => ask<RouterState>(`/routers/${name}`),
    transcript: (name) => ask<TranscriptEntry[]>(`/routers/${name}/transcript`),
    mutations: async (name) => [...(await ask<RouterState>(`/routers/${name}`)).mutations],
    sessions: async (name) => (await ask<{ sessions: unknown[] }>(`/routers/${name}`)).sessions.length,
    setFaults: async (name, faults) => void (await ask(`/routers/${name}/faults`, faults)),
    stop: async () => void (await child.stop()),
  }
}
