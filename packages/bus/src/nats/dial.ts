// One attempt to connect to one server. What is repeated, and when, is link.ts.
import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import {
  type Authenticator,
  connect,
  credsAuthenticator,
  type NatsConnection,
  nkeyAuthenticator,
  tokenAuthenticator,
  usernamePasswordAuthenticator,
} from 'nats'
import { type NatsAddress, showAddress } from './address.ts'
import { probe } from './probe.ts'

/** Who we are to the server; one of these, else what stands in the server's URL, else nobody. */
export interface NatsCredentials {
  user?: string
  pass?: string
  token?: string
  /** Path of a credentials file (JWT and seed) as `nsc` writes it; read at every attempt, so it may be renewed. */
  credsFile?: string
  /** Path of a file with an NKey seed (`SU…`); read at every attempt. */
  nkeyFile?: string
}

/** Paths of PEM files, read at every attempt, so that certificates may be renewed while running. */
export interface NatsTls {
  /** Who signed the server's certificate; default: the authorities Node knows. */
  ca?: string
  /** Our own certificate and its key, where the server asks for one. */
  cert?: string
  key?: string
}

export interface DialOptions extends NatsCredentials {
  /** Present: only an encrypted connection will do. */
  tls?: NatsTls
  /** What the server's monitoring shows. */
  clientName: string
  timeoutMs: number
}

/** The largest delay of a timer: the client's own pings are not used, see link.ts. */
const NEVER_MS = 2 ** 31 - 1

/** Connects to one server. Fails with what the server or the network says; never waits longer than 2 timeouts. */
export async function dial(
  address: NatsAddress,
  options: DialOptions,
  signal: AbortSignal,
): Promise<NatsConnection> {
  await probe(address, options.timeoutMs, signal)
  const tls = tlsOptions(address, options.tls)
  const authenticator = authenticatorOf(address, options)
  const connection = await connect({
    servers: showAddress(address),
    name: options.clientName,
    timeout: options.timeoutMs,
    // Reconnecting is ours: the client's own sends again what it queued while it was away, gives up after two
    // refusals of credentials, and can mistake the end of an earlier attempt for the end of the connection.
    reconnect: false,
    ignoreClusterUpdates: true,
    pingInterval: NEVER_MS,
    noAsyncTraces: true,
    // The system's resolver, which knows /etc/hosts and both address families.
    resolve: false,
    ...(authenticator === undefined ? {} : { authenticator }),
    ...(tls === undefined ? {} : { tls }),
  })
  if (!signal.aborted) return connection
  await connection.close()
  throw signal.reason
}

function authenticatorOf(address: NatsAddress, options: DialOptions): Authenticator | undefined {
  const { credsFile, nkeyFile } = options
  if (credsFile !== undefined) return credsAuthenticator(() => readFileSync(credsFile))
  if (nkeyFile !== undefined) {
    return nkeyAuthenticator(() => Buffer.from(readFileSync(nkeyFile, 'utf8').trim()))
  }
  const own = options.token ?? options.user
  const { user, pass, token } = own === undefined ? { ...address, pass: address.password } : options
  if (token !== undefined) return tokenAuthenticator(token)
  return user === undefined ? undefined : usernamePasswordAuthenticator(user, pass)
}

/** The client checks the certificate against the name `localhost` unless it is told the host. */
function tlsOptions({ host, tls: required }: NatsAddress, files: NatsTls | undefined) {
  if (files === undefined && !required) return undefined
  const { ca, cert, key } = files ?? {}
  return {
    host,
    servername: isIP(host) === 0 ? host : '',
    ...(ca === undefined ? {} : { ca: readFileSync(ca, 'utf8') }),
    ...(cert === undefined ? {} : { cert: readFileSync(cert, 'utf8') }),
    ...(key === undefined ? {} : { key: readFileSync(key, 'utf8') }),
  }
}
