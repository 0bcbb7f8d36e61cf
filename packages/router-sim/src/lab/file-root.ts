/** Paths of clients, resolved below one directory: nothing outside it can be named, links that lead out do not exist. */
import { realpath } from 'node:fs/promises'
import { join, posix, sep } from 'node:path'

/** The real path of a client's path; ENOENT when it is outside the root. */
export async function inside(root: string, path: string): Promise<string> {
  const top = await realpath(root)
  if (path.includes('\0')) throw Object.assign(new Error('no such file'), { code: 'ENOENT' })
  const real = await realpath(join(top, posix.resolve('/', path)))
  if (real === top || real.startsWith(top + sep)) return real
  throw Object.assign(new Error('outside the root'), { code: 'ENOENT' })
}
