// Proxies whose X-Forwarded-For is believed: what anybody may write into that header must not escape the throttle.
import { isIP } from 'node:net'

/** `10.0.0.0/8`, `192.0.2.7`, `fd00::/8`: an address, perhaps with the bits of a network. */
const NETWORK = /^([0-9A-Fa-f:.]+)(?:\/(\d{1,3}))?$/

/** Checks what GATEWAY_TRUSTED_PROXIES says. Errors: an error that names the setting and the entry. */
export function checkTrustedProxies(entries: readonly string[]): readonly string[] {
  const wrong = entries.find((entry) => !isNetwork(entry))
  if (wrong !== undefined) {
    throw new Error(
      `GATEWAY_TRUSTED_PROXIES: '${wrong}' is neither an address nor a network such as 10.0.0.0/8`,
    )
  }
  return entries
}

function isNetwork(entry: string): boolean {
  const [, address = '', bits] = NETWORK.exec(entry) ?? []
  const version = isIP(address)
  if (version === 0) return false
  return bits === undefined || Number(bits) <= (version === 4 ? 32 : 128)
}
