// Slipway's own store as a server repository: a router cannot authenticate as a user, so each Add gets a link of its
// own, for its files and each once. The token is a secret from the moment it is known: it is masked in everything
// that is kept, and the journal never holds it. A run that is taken over opens a new link only if the router never got
// the command; what it is fetching by the old one, it goes on fetching. Source: docs/adr/0010.
import type { Bus } from '@slipway/bus'
import { type ClaimedJob, distributionMessages } from '@slipway/contracts'
import type { BuiltInRepository } from '../actions/action.ts'
import { storeDirectory } from '../actions/source.ts'
import type { RunControl } from '../runs/run-control.ts'
import { requestOf } from '../runs/run-logger.ts'
import { askPatiently } from './patience.ts'

export interface BuiltInDeps {
  readonly bus: Pick<Bus, 'request'>
  readonly job: ClaimedJob
  readonly control: RunControl
  /** How routers reach this Slipway; undefined: no repository is ours. */
  readonly publicUrl: string | undefined
  /** Of a link, in milliseconds. */
  readonly lifetimeMs: number
  /** Told the token before anybody else is. */
  readonly keepSecret: (token: string) => void
}

export function createBuiltInRepository(deps: BuiltInDeps): BuiltInRepository {
  const { bus, job, control, publicUrl, lifetimeMs, keepSecret } = deps
  return {
    async open(repository, directory, files) {
      const folder = storeDirectory(repository, directory, publicUrl)
      if (folder === undefined) return undefined
      const question = {
        directory: folder,
        files: [...files],
        expiresInS: Math.ceil(lifetimeMs / 1_000),
        reader: `job ${job.jobId}, router ${job.hostname}`,
      }
      const options = { signal: control.signal, ...requestOf(job) }
      const { path } = await askPatiently('The distribution service', control, () =>
        bus.request(distributionMessages.openRepository, question, options),
      )
      keepSecret(path.slice(path.lastIndexOf('/') + 1))
      const url = `${repository.serverType.toLowerCase()}://${repository.serverAddress}${path}`
      return { kind: 'url', url, password: '' }
    },
  }
}
