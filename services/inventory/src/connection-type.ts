import { connectionTypes, createError } from '@slipway/contracts'

export type ConnectionType = (typeof connectionTypes)[number]

/** The connection type. Error: INVENTORY_CONNECTION_TYPE. */
export function checkConnectionType(given: string | undefined): ConnectionType {
  const found = connectionTypes.find((type) => type === given)
  if (found === undefined) throw createError('INVENTORY_CONNECTION_TYPE')
  return found
}
