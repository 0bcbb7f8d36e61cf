/**
 * Repository URLs as they stand in `install add source`. Users write passwords into them, so the last `@`
 * before the path ends the user part, the first `:` in it starts the password, and percent-escapes are undone.
 */
import { posix } from 'node:path'

/** A parsed source. `local` is a device path such as `disk0:` or `harddisk:/images`. */
export interface RepositoryUrl {
  readonly scheme: string
  readonly host: string
  readonly port: number | undefined
  readonly user: string | undefined
  readonly password: string | undefined
  /** Absolute directory on the server, without trailing slash except the root. */
  readonly directory: string
}

/** `sftp://user:secret@10.0.0.1:2022/dir` → scheme, authority, path. A leading slash before the scheme is allowed. */
const URL_PARTS = /^\/?([a-z]+):\/\/([^/]*)(\/.*)?$/i

/** `host;VRF` → the VRF is accepted and ignored. */
const HOST_PORT = /^(\[[0-9a-fA-F:.]+\]|[^:;]+)(?::(\d{1,5}))?(?:;.*)?$/

/** Parses a source; undefined when it is no URL. */
export function parseRepositoryUrl(text: string): RepositoryUrl | undefined {
  const parts = URL_PARTS.exec(text)
  if (parts === null) return undefined
  const authority = parts[2] ?? ''
  const at = authority.lastIndexOf('@')
  const address = HOST_PORT.exec(authority.slice(at + 1))
  if (address === null) return undefined
  const login = at < 0 ? undefined : authority.slice(0, at)
  const colon = login?.indexOf(':') ?? -1
  return {
    scheme: (parts[1] ?? '').toLowerCase(),
    host: (address[1] ?? '').replace(/^\[|\]$/g, ''),
    port: address[2] === undefined ? undefined : Number(address[2]),
    user: login === undefined ? undefined : unescapeText(colon < 0 ? login : login.slice(0, colon)),
    password: login === undefined || colon < 0 ? undefined : unescapeText(login.slice(colon + 1)),
    directory: posix.join('/', unescapeText(parts[3] ?? '/')),
  }
}

function unescapeText(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** The same source with its password replaced, as device logs show it. */
export function maskUrl(text: string): string {
  return text.replace(/(:\/\/[^:@/]*:)[^/\s]*@/g, '$1******@')
}
