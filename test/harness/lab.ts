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
}

export interface LabRepository {
  kind: 'repository'
  row: Record<string, string> & { hostname: string; password: string }
  packages: Record<string, string[]>
}

/** A mutating command as the router received it. */
export interface Mutation {
  kind: string
  command: string
}

export interface Lab {
  routers: LabRouter[]
  repository: LabRepository
  /** Every password of the lab; none may ever be seen anywhere. */
  passwords: string[]
  router(family: LabRouter['family'], protocol: LabRouter['protocol']): LabRouter
  /** Mutating commands that the router received so far. */
  mutations(name: string): Promise<Mutation[]>
  /** Terminal sessions that are open on the router. */
  sessions(name: string): Promise<number>
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
  const repository: LabRepository = lines.find((line) => line.kind === 'repository')
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
    passwords: [...new Set([...routers.map(({ password }) => password), repository.row.password])],
    router(family, protocol) {
      const found = routers.find((each) => each.family === family && each.protocol === protocol)
      if (!found) throw new Error(`the lab has no ${family} over ${protocol}`)
      return found
    },
    mutations: async (name) => (await ask<{ mutations: Mutation[] }>(`/routers/${name}`)).mutations,
    sessions: async (name) => (await ask<{ sessions: unknown[] }>(`/routers/${name}`)).sessions.length,
    setFaults: async (name, faults) => void (await ask(`/routers/${name}/faults`, faults)),
    stop: async () => void (await child.stop()),
  }
}
