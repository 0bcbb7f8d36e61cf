// Where NATS servers are: `nats://host:4222`, `tls://user:password@host`, several separated by commas.

/** One server of the list. */
export interface NatsAddress {
  readonly host: string
  readonly port: number
  /** True for `tls://`: only an encrypted connection will do. */
  readonly tls: boolean
  readonly user?: string
  readonly password?: string
  /** `nats://token@host` */
  readonly token?: string
}

const DEFAULT_PORT = 4222
/** `nats://`, `tls://` */
const SCHEME = /^[a-z]+:\/\//i
/** `[::1]` */
const BRACKETS = /^\[|\]$/g

/** Reads a list of servers. Throws without quoting what it read, which may hold a password. */
export function parseServers(servers: string | readonly string[]): NatsAddress[] {
  const list = (typeof servers === 'string' ? [servers] : servers).flatMap((entry) => entry.split(','))
  const texts = list.map((entry) => entry.trim()).filter((entry) => entry !== '')
  if (texts.length === 0) throw new TypeError('No NATS server is given; expected nats://host:4222')
  return texts.map(parseServer)
}

function parseServer(text: string, index: number): NatsAddress {
  const url = readUrl(SCHEME.test(text) ? text : `nats://${text}`)
  if (url === undefined) {
    throw new TypeError(`NATS server ${index + 1} of the list is not an address such as nats://host:4222`)
  }
  const name = decodeURIComponent(url.username)
  const credentials =
    name === ''
      ? {}
      : url.password === ''
        ? { token: name }
        : { user: name, password: decodeURIComponent(url.password) }
  return {
    host: url.hostname.replace(BRACKETS, ''),
    port: url.port === '' ? DEFAULT_PORT : Number(url.port),
    tls: url.protocol === 'tls:',
    ...credentials,
  }
}

function readUrl(text: string): URL | undefined {
  if (!URL.canParse(text)) return undefined
  const url = new URL(text)
  return (url.protocol === 'nats:' || url.protocol === 'tls:') && url.hostname !== '' ? url : undefined
}

/** `host:port` for logs and for the client; no credentials. */
export function showAddress({ host, port }: NatsAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
