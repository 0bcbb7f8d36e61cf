// A jump host: a server through which hosts are reached.
import { createError, type JumpHostInput } from '@slipway/contracts'
import { checkAddress, parsePort } from '../address.ts'
import { type ConnectionType, checkConnectionType } from '../connection-type.ts'
import { kept, keptText } from '../row-plan.ts'
import { keptSecret, type SealFor } from '../sealing.ts'

export interface JumpHost {
  readonly id: string
  readonly name: string
  readonly connectionType: ConnectionType
  readonly address: string
  /** In digits, '' for the default of the connection type. */
  readonly port: string
  readonly username: string
  readonly sealedPassword: string | undefined
  readonly createdBy: string
}

export interface JumpHostDecisionDeps {
  readonly existing: ReadonlyMap<string, JumpHost>
  readonly seal: SealFor<'password'>
  readonly newId: () => string
  readonly createdBy: string
}

/** What a row of POST /jump_hosts comes to. Errors: ROW_KEY_MISSING, INVENTORY_CONNECTION_TYPE, …_ADDRESS_…, …_PORT_…. */
export function decideJumpHost(input: JumpHostInput, deps: JumpHostDecisionDeps): JumpHost {
  if (input.name === '') throw createError('ROW_KEY_MISSING', ['hostname'])
  const existing = deps.existing.get(input.name)
  const connectionType = kept('connection_type', input.connectionType, existing?.connectionType)
  const address = kept('host_or_ip', input.address, existing?.address)
  const id = existing?.id ?? deps.newId()
  const port = keptText(input.port, existing?.port)
  return {
    id,
    name: input.name,
    connectionType: checkConnectionType(connectionType),
    address: checkAddress(address),
    port: port === '' ? '' : String(parsePort(port)),
    username: keptText(input.username, existing?.username),
    sealedPassword: keptSecret(input.password, existing?.sealedPassword, () =>
      deps.seal(id, 'password', input.password ?? ''),
    ),
    createdBy: existing?.createdBy ?? deps.createdBy,
  }
}
