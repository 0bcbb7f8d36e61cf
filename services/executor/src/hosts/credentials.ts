// The only place where credentials of devices, jump hosts and repositories are opened. What comes out lives in memory
// for the length of one attempt (a jump host's: of the connection to it), and every text that leaves it is masked.
import type { ExecutionTarget } from '@slipway/contracts'
import type { DeviceTarget, JumpHost } from '@slipway/router-session'
import type { Opener, Place } from '@slipway/secrets/open'
import { actionFailure } from '../actions/failure.ts'
import { encodeForUrl, type Repository } from '../actions/source.ts'

/** A host and repository one can work with. */
export interface OpenTarget {
  readonly device: DeviceTarget
  readonly jumpHost: JumpHost | undefined
  readonly repository: Repository | undefined
  /** Everything that must never be seen, in all its spellings. */
  readonly secrets: readonly string[]
}

/** Opens what the inventory sealed. Fails the job if a credential cannot be opened with our keys. */
export function openTarget(opener: Opener, target: ExecutionTarget): OpenTarget {
  const { host, jumpHost: via, repository } = target
  const password = open(opener, host.sealedPassword, { table: 'host', row: host.id, field: 'password' })
  const jumpHost = via === undefined ? undefined : openJumpHost(opener, via)
  const opened = repository === undefined ? undefined : openRepository(opener, repository)
  return {
    device: {
      protocol: host.connectionType,
      addresses: host.addresses,
      ports: host.ports,
      ...(host.username === '' ? {} : { username: host.username }),
      ...(password === '' ? {} : { password }),
    },
    jumpHost,
    repository: opened,
    secrets: spellings([password, jumpHost?.password ?? '', opened?.password ?? '']),
  }
}

function openJumpHost(opener: Opener, row: NonNullable<ExecutionTarget['jumpHost']>): JumpHost {
  const { address, port, username } = row
  const password = open(opener, row.sealedPassword, { table: 'jump_host', row: row.id, field: 'password' })
  return { address, username, password, ...(port === '' ? {} : { port: Number(port) }) }
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
    throw actionFailure(
      `The password of the ${place.table.replace('_', ' ')} cannot be opened with the master key in use. Set it anew.`,
    )
  }
}

function spellings(secrets: readonly string[]): string[] {
  return [...new Set(secrets.flatMap((secret) => [secret, encodeForUrl(secret)]))].filter(
    (text) => text !== '',
  )
}
