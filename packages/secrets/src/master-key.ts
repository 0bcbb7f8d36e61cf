import { randomBytes } from 'node:crypto'
import { chmod, link, mkdir, open, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { secretsError } from './errors.ts'
import { createKeyring } from './keyring.ts'

const FILE_NAME = 'master.key'

/**
 * The content of `<dataDir>/master.key`, in the form of SLIPWAY_MASTER_KEY; made with a new key if it is missing. It
 * appears whole or not at all, with mode 0600, and of two processes at once both get the same. A damaged file is
 * never replaced: what was sealed with its key would be lost. Errors: SECRETS_KEY_FILE.
 */
export async function loadOrCreateMasterKey(dataDir: string): Promise<string> {
  const path = join(dataDir, FILE_NAME)
  const found = await read(path)
  if (found !== undefined) return found
  await mkdir(dataDir, { recursive: true })
  await create(dataDir, path, `k1:${randomBytes(32).toString('base64')}\n`)
  const made = await read(path)
  if (made === undefined) throw secretsError('SECRETS_KEY_FILE', [path, 'it vanished'])
  return made
}

async function read(path: string): Promise<string | undefined> {
  try {
    const text = (await readFile(path, 'utf8')).trim()
    createKeyring(text)
    // A copy or a restored backup often has a wider mode.
    if (((await stat(path)).mode & 0o077) !== 0) await chmod(path, 0o600)
    return text
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw secretsError('SECRETS_KEY_FILE', [path, error instanceof Error ? error.message : String(error)])
  }
}

async function create(dataDir: string, path: string, content: string): Promise<void> {
  const part = join(dataDir, `.${FILE_NAME}.${process.pid}.${randomBytes(4).toString('hex')}`)
  const file = await open(part, 'wx', 0o600)
  try {
    await file.writeFile(content)
    await file.sync()
  } finally {
    await file.close()
  }
  try {
    await link(part, path)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  } finally {
    await rm(part, { force: true })
  }
  // The name of the file must survive a power failure, too: secrets are sealed with the key from now on.
  const directory = await open(dataDir, 'r')
  await directory.sync().finally(() => directory.close())
}
