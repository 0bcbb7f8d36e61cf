// Starts services as processes. Their log lines go to our standard error; what they tell us comes over a channel of
// Node, whose end also tells them that we are gone.
import { type ChildProcess, fork } from 'node:child_process'
import cluster from 'node:cluster'
import { fileURLToPath } from 'node:url'
import type { Environment, SupervisorNews } from '@slipway/service-kit'
import type { Launched, Places } from './supervise.ts'
import type { ServiceName } from './topology.ts'

export interface ServiceLaunch {
  service: ServiceName
  env: Environment
  onNews(news: SupervisorNews): void
}

export interface GatewayLaunch extends Omit<ServiceLaunch, 'service'> {
  /** The environment of this process. */
  inherited: Environment
}

/** Standard output of services is for their log alone, ours is for people. */
const STDIO: ['ignore', number, number, 'ipc'] = ['ignore', 2, 2, 'ipc']
const mainOf = (service: ServiceName) =>
  fileURLToPath(new URL(`../../../services/${service}/dist/main.js`, import.meta.url))

/** Starts a service as a process of its own. */
export function launchService({ service, env, onNews }: ServiceLaunch): Launched {
  const child = fork(mainOf(service), [], { env: { ...env }, execArgv: [], stdio: STDIO })
  return { process: child, ready: whenReady(child, onNews) }
}

/**
 * Starts a gateway. Gateways share the API's port by node:cluster: we accept connections and hand each to the next
 * gateway that takes them, so that clients are seen with their own addresses and a gateway that stops or dies
 * leaves nothing behind in a queue.
 */
export function launchGateway({ env, inherited, onNews }: GatewayLaunch): Launched {
  cluster.setupPrimary({ exec: mainOf('gateway'), args: [], execArgv: [], stdio: STDIO })
  const worker = cluster.fork(only(env, inherited))
  return { process: worker.process, ready: whenReady(worker.process, onNews) }
}

/** node:cluster adds our own environment; a gateway gets no more than it is given. */
function only(env: Environment, inherited: Environment): Environment {
  const withheld = Object.keys(inherited).filter((name) => !(name in env))
  return { ...env, ...Object.fromEntries(withheld.map((name) => [name, undefined])) }
}

function whenReady(child: ChildProcess, onNews: (news: SupervisorNews) => void): Promise<Places> {
  return new Promise((resolve, reject) => {
    child.on('message', (message) => {
      if (!isNews(message)) return
      onNews(message)
      if (message.kind === 'failed') reject(new Error(message.message))
      if (message.kind !== 'ready') return
      const { kind: _kind, ...places } = message
      resolve(places)
    })
  })
}

/** node:cluster sends messages of its own over the same channel, which arrive elsewhere. */
function isNews(message: unknown): message is SupervisorNews {
  return typeof message === 'object' && message !== null && 'kind' in message
}
