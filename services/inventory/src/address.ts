// Where something can be reached: addresses and ports as clients write them.
import { isIPv4, isIPv6 } from 'node:net'
import { createError } from '@slipway/contracts'

// One label of a DNS name. Underscores are not allowed in host names by RFC 952 but are common in labs.
// Sample: `asr9k-lab_2`
const DNS_LABEL = /^[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/
// A last label of digits makes a mistyped IPv4 address, not a name. Sample: `10.0.0.256`
const ALL_DIGITS = /^[0-9]+$/
// A port in ASCII digits. Sample: `2001`
const PORT = /^[0-9]{1,5}$/
// An IPv6 address in brackets, perhaps with a port. Sample: `[2001:db8::1]:2222`
const BRACKETED = /^\[([^\]]*)\](?::(.*))?$/

function isDnsName(text: string): boolean {
  const labels = (text.endsWith('.') ? text.slice(0, -1) : text).split('.')
  const last = labels.at(-1) ?? ''
  return text.length <= 253 && !ALL_DIGITS.test(last) && labels.every((label) => DNS_LABEL.test(label))
}

/** True for an IPv4 address, an IPv6 address (without zone) or a DNS name. */
export function isAddress(text: string): boolean {
  return isIPv4(text) || (isIPv6(text) && !text.includes('%')) || isDnsName(text)
}

/** The address itself. Error: INVENTORY_ADDRESS_INVALID. */
export function checkAddress(text: string): string {
  if (!isAddress(text)) throw createError('INVENTORY_ADDRESS_INVALID', [text])
  return text
}

/** The number of a port from 1 to 65535. Error: INVENTORY_PORT_INVALID. */
export function parsePort(text: string): number {
  const port = PORT.test(text) ? Number(text) : 0
  if (port < 1 || port > 65_535) throw createError('INVENTORY_PORT_INVALID', [text])
  return port
}

/**
 * Checks `host`, `host:port`, an IPv6 address, or `[IPv6]:port` and answers it unchanged.
 * Errors: INVENTORY_ADDRESS_INVALID, INVENTORY_PORT_INVALID.
 */
export function checkServerAddress(text: string): string {
  const bracketed = BRACKETED.exec(text)
  if (bracketed) {
    if (!isIPv6(checkAddress(bracketed[1] ?? ''))) throw createError('INVENTORY_ADDRESS_INVALID', [text])
    if (bracketed[2] !== undefined) parsePort(bracketed[2])
    return text
  }
  const colon = text.indexOf(':')
  // Two colons or more: an IPv6 address without port.
  if (colon === -1 || colon !== text.lastIndexOf(':')) return checkAddress(text)
  checkAddress(text.slice(0, colon))
  parsePort(text.slice(colon + 1))
  return text
}
