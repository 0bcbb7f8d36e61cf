// The only place where credentials of devices and repositories are opened. What comes out lives in memory for the
// length of one attempt, and every text that leaves it is masked.
import type { ExecutionTarget } from '@slipway/contracts'
import type { DeviceTarget } from '@slipway/router-session'
import type { Opener, Place } from '@slipway/secrets/open'
import { actionFailure } from '../actions/failure.ts'
import { encodeForUrl, type Repository } from '../actions/source.ts'

/** A host and repository one can work with. */
export interface OpenTarget {
  readonly device: DeviceTarget
  readonly repository: Repository | undefined
  /** Everything that must never be seen, in all its spellings. */
  readonly secrets: readonly string[]
}

/** Opens what the inventory sealed. Fails the job if a credential cannot be opened with our keys. */
export function openTarget(opener: Opener, target: ExecutionTarget): OpenTarget {
  const { host, repository } = target
  const password = open(opener, host.sealedPassword, { table: 'host', row: host.id, field: 'password' })
  const opened = repository === undefined ? undefined : openRepository(opener, repository)
  return {
    device: {
      protocol: host.connectionType,
      addresses: host.addresses,
      ports: host.ports,
      ...(host.username === '' ? {} : { username: host.username }),
      ...(password === '' ? {} : { password }),
    },
    repository: opened,
    secrets: spellings([password, opened?.password ?? '']),
  }
}

function openRepository(opener: Opener, row: NonNullable<ExecutionTarget['repository']>): Repository {
  const { sealedPassword, ...repository } = row
  const place = { table: 'server_repository', row: row.id, field: 'password' }
  return { ...repository, password: open(opener, sealedPassword, place) }
}

function open(opener: Opener, sealed: string | undefined, place: Place): string {
  if (sealed === undefined) return ''
  try {
    return opener.open(sealed, place)
  } catch {
    const whose = place.table === 'host' ? 'host' : 'server repository'
    throw actionFailure(
      `The password of the ${whose} cannot be opened with the master key in use. Set it anew.`,
    )
  }
}

function spellings(secrets: readonly string[]): string[] {
  return [...new Set(secrets.flatMap((secret) => [secret, encodeForUrl(secret)]))].filter(
    (text) => text !== '',
  )
}
