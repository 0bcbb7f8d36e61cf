// A feed in a directory. Whatever links say, nothing outside of the directory that is set is read.
import { constants } from 'node:fs'
import { open, realpath, stat } from 'node:fs/promises'
import { resolve, sep } from 'node:path'
import { createError } from '@slipway/contracts'
import { feedFailure } from './feed-failure.ts'
import type { ResolvedSource } from './feed-files.ts'

/** Finds the directory. Error: CATALOG_SOURCE_INVALID. @param feedDir the only directory below which feeds are read */
export async function openDirectory(given: string, feedDir: string): Promise<ResolvedSource> {
  const root = await realOrUndefined(resolve(feedDir))
  const directory = root === undefined ? undefined : await realOrUndefined(resolve(root, given))
  const isGood =
    root !== undefined &&
    directory !== undefined &&
    isWithin(root, directory) &&
    (await isDirectory(directory))
  if (!isGood) {
    throw createError('CATALOG_SOURCE_INVALID', [given, 'it is no directory below CATALOG_FEED_DIR.'])
  }
  const name = directory === root ? '.' : directory.slice(root.length + 1)
  const source = { open: (file: string) => readWithin(root, resolve(directory, file)) }
  return { name, source, isRemote: false }
}

async function* readWithin(root: string, path: string): AsyncGenerator<Uint8Array> {
  const real = await realOrUndefined(path)
  if (real === undefined || !isWithin(root, real)) throw feedFailure('is not there')
  // A pipe or a device would be waited for or read for ever; a link put in place meanwhile is not followed.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
  const file = await open(real, flags).catch(() => {
    throw feedFailure('cannot be read')
  })
  try {
    if (!(await file.stat()).isFile()) throw feedFailure('is not a file')
    for await (const chunk of file.createReadStream({ autoClose: false })) yield chunk
  } finally {
    await file.close()
  }
}

function isWithin(root: string, path: string): boolean {
  return path === root || path.startsWith(root.endsWith(sep) ? root : root + sep)
}

async function realOrUndefined(path: string): Promise<string | undefined> {
  return realpath(path).catch(() => undefined)
}

async function isDirectory(path: string): Promise<boolean> {
  return (await stat(path)).isDirectory()
}
