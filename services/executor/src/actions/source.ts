// Where a router fetches packages from: the source of `install add source`, made of a server repository and a job's
// directory. Credentials in a URL are percent-encoded; who sends the text masks them in everything that is kept.
import { downloadPrefix, type ExecutionTarget } from '@slipway/contracts'
import { actionFailure } from './failure.ts'

type Row = NonNullable<ExecutionTarget['repository']>

/** A server repository with its password opened. */
export interface Repository extends Omit<Row, 'sealedPassword'> {
  readonly password: string
}

/** How a router gets at the files. */
export type Source =
  /** The URL stands in the command; a password prompt is answered with `password`. */
  | { readonly kind: 'url'; readonly url: string; readonly password: string }
  /** Files are copied to `destination` one by one with `scp`, then added from there. */
  | { readonly kind: 'scp'; readonly remote: string; readonly destination: string; readonly password: string }

/** Where credentials stand: classic XR wants them in the URL, eXR asks for the password. */
export type PasswordPlace = 'url' | 'prompt'

/** A directory with exactly one slash between its parts and none at its ends. */
function join(...parts: readonly string[]): string {
  return parts
    .map((part) => part.replace(/^\/+|\/+$/g, ''))
    .filter((part) => part !== '')
    .join('/')
}

function login(repository: Repository, place: PasswordPlace): string {
  const { username, password } = repository
  if (username === '') return ''
  const secret = place === 'url' && password !== '' ? `:${encodeForUrl(password)}` : ''
  return `${encodeForUrl(username)}${secret}@`
}

/** Percent-encodes everything a URL, or a router's command line (`?` is its help), could stumble over. */
export function encodeForUrl(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
}

/**
 * The source for a job. Rules per server type as the guide's repositories are meant; VRF stands behind the host
 * as `;<vrf>`. Fails if the repository lacks what its type needs.
 */
export function sourceOf(repository: Repository, directory: string, place: PasswordPlace): Source {
  const { serverType, password } = repository
  if (serverType === 'LOCAL') return { kind: 'url', url: localPath(repository, directory), password: '' }
  if (serverType === 'TFTP') return { kind: 'url', url: tftpUrl(repository, directory), password: '' }
  if (repository.serverAddress === '') throw incomplete(repository, 'server address')
  if (serverType === 'SCP') return scpSource(repository, directory)
  const scheme = serverType.toLowerCase()
  const vrf = serverType === 'FTP' && repository.vrf !== '' ? `;${repository.vrf}` : ''
  const path = join(repository.homeDirectory, directory)
  const inUrl = serverType === 'HTTP' || serverType === 'HTTPS' ? 'url' : place
  const url = `${scheme}://${login(repository, inUrl)}${repository.serverAddress}${vrf}/${path}`
  return { kind: 'url', url: url.replace(/\/$/, ''), password }
}

/**
 * Where a repository leads in Slipway's own store: HTTP(S) on the host and port of `publicUrl`, with a path below
 * `/download`. Undefined if it leads elsewhere. Fails if it is the store but no directory of it.
 */
export function storeDirectory(
  repository: Repository,
  directory: string,
  publicUrl: string | undefined,
): string | undefined {
  const { serverType, serverAddress, homeDirectory } = repository
  if (publicUrl === undefined || (serverType !== 'HTTP' && serverType !== 'HTTPS')) return undefined
  const base = `${serverType.toLowerCase()}://${serverAddress}`
  // Compared as URLs: letter case and a default port that is or is not told make no difference.
  if (!URL.canParse(base) || new URL(base).origin !== new URL(publicUrl).origin) return undefined
  const [first, ...rest] = join(homeDirectory, directory).split('/')
  if (`/${first}` !== downloadPrefix) return undefined
  const [only = '', ...deeper] = rest
  if (only !== '' && deeper.length === 0) return only
  throw actionFailure(
    `The server repository '${repository.name}' leads to '/${[first, ...rest].join('/')}' of this Slipway, which is no ` +
      `directory of distributions. They are called ${downloadPrefix}/<directory>.`,
  )
}

/** The path as the device knows it: `disk0:`, `harddisk:/images`. */
function localPath(repository: Repository, directory: string): string {
  const path = repository.devicePath
  if (path === '') throw incomplete(repository, 'device path')
  if (join(directory) === '') return path
  return `${path}${path.endsWith(':') || path.endsWith('/') ? '' : '/'}${join(directory)}`
}

/** The server path may be a bare address, an address with a path, or a whole tftp URL. */
function tftpUrl(repository: Repository, directory: string): string {
  const bare = repository.tftpServerPath.replace(/^tftp:\/\//i, '')
  const slash = bare.indexOf('/')
  const host = slash < 0 ? bare : bare.slice(0, slash)
  if (host === '') throw incomplete(repository, 'TFTP server path')
  const vrf = repository.vrf === '' ? '' : `;${repository.vrf}`
  const path = join(slash < 0 ? '' : bare.slice(slash), directory)
  return `tftp://${host}${vrf}${path === '' ? '' : `/${path}`}`
}

function scpSource(repository: Repository, directory: string): Source {
  const { username, serverAddress, homeDirectory, destinationOnHost: destination, password } = repository
  if (destination === '') throw incomplete(repository, 'destination on host')
  const path = `${homeDirectory.startsWith('/') ? '/' : ''}${join(homeDirectory, directory)}`
  const remote = `${username === '' ? '' : `${username}@`}${serverAddress}:${path}`
  return { kind: 'scp', remote, destination, password }
}

function incomplete(repository: Repository, part: string) {
  return actionFailure(
    `The server repository '${repository.name}' is not configured correctly: it has no ${part}.`,
  )
}
