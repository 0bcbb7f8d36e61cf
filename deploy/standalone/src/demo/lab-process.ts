// The lab as a child process: simulated routers and a software repository.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { LabRepository, LabRouter } from './api-client.ts'

export interface Lab {
  routers: LabRouter[]
  repositories: LabRepository[]
  stop(): Promise<void>
}

/** Starts `npm run lab` beside us and reads what it announces until it says it is ready. */
export async function startLab(args: string[]): Promise<Lab> {
  const entry = fileURLToPath(new URL('../../start.mjs', import.meta.url))
  // Its own process group: a Ctrl-C must not take the routers away while running jobs are handed over.
  const child = spawn(process.execPath, [entry, '--lab', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  })
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const killWithUs = () => child.kill('SIGKILL')
  process.once('exit', killWithUs)

  const lab: Lab = {
    routers: [],
    repositories: [],
    stop: async () => {
      process.removeListener('exit', killWithUs)
      if (child.exitCode === null) child.kill('SIGTERM')
      await exited
    },
  }
  for await (const line of createInterface({ input: child.stdout })) {
    const announced = JSON.parse(line) as LabRouter | LabRepository | { kind: 'ready' | 'control' }
    if (announced.kind === 'router') lab.routers.push(announced)
    if (announced.kind === 'repository') lab.repositories.push(announced)
    if (announced.kind === 'ready') {
      child.stdout.resume()
      return lab
    }
  }
  throw new Error('the lab ended before it was ready')
}
