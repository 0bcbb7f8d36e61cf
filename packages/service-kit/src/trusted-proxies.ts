// Proxies whose X-Forwarded-For is believed: what anybody may write into that header must not escape the throttle.
import { isIP } from 'node:net'

/** `10.0.0.0/8`, `192.0.2.7`, `fd00::/8`: an address, perhaps with the bits of a network. */
const NETWORK = /^([0-9A-Fa-f:.]+)(?:\/(\d{1,3}))?$/

/** What is wrong with a list of proxies, as a sentence; undefined if nothing is. @param setting its variable */
export function trustedProxiesProblem(setting: string, entries: readonly string[]): string | undefined {
  const wrong = entries.find((entry) => !isNetwork(entry))
  if (wrong === undefined) return undefined
  return `${setting}: '${wrong}' is neither an address nor a network such as 10.0.0.0/8`
}

function isNetwork(entry: string): boolean {
  const [, address = '', bits] = NETWORK.exec(entry) ?? []
  const version = isIP(address)
  if (version === 0) return false
  return bits === undefined || Number(bits) <= (version === 4 ? 32 : 128)
}
