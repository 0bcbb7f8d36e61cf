/** Refusing SSH channels with a reason and words, as OpenSSH does. */
import type { Connection } from 'ssh2'

/** The server may not open it (reasons: RFC 4254, 5.1). */
export const PROHIBITED = 1
/** It tried, and the words say why it could not. */
export const CONNECT_FAILED = 2

type OpenFail = (recipient: number, reason: number, words: string) => void

/**
 * How to refuse a channel with reason and words. ssh2's `reject` knows neither; they are put in on the way to its
 * protocol layer, where it has both.
 */
export function refusals(
  connection: Connection,
): (reject: () => void, reason: number, words: string) => void {
  const protocol: unknown = Reflect.get(connection, '_protocol')
  let told: { reason: number; words: string } | undefined
  if (hasOpenFail(protocol)) {
    const original = protocol.channelOpenFail.bind(protocol)
    protocol.channelOpenFail = (recipient, reason, words) =>
      original(recipient, told?.reason ?? reason, told?.words ?? words)
  }
  return (reject, reason, words) => {
    told = { reason, words }
    reject()
    told = undefined
  }
}

function hasOpenFail(value: unknown): value is { channelOpenFail: OpenFail } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'channelOpenFail' in value &&
    typeof value.channelOpenFail === 'function'
  )
}
