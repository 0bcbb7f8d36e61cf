// A tar file holds many packages. They are activated by the operation that added them, so an Add remembers its
// operation under the names of its files, and an Activate of exactly the same files uses it. So does one of so many
// packages that the command would not fit into a router's line.
import type { HostMemory } from './action.ts'
import { actionFailure } from './failure.ts'

export interface RememberedAdd {
  readonly operationId: number
  /** Names of the packages it brought. */
  readonly packages: readonly string[]
}

function keyOf(files: readonly string[]): string {
  return `add-operation ${[...files].sort().join(' ')}`
}

export async function rememberAdd(
  memory: HostMemory,
  files: readonly string[],
  added: RememberedAdd,
): Promise<void> {
  await memory.set(keyOf(files), added)
}

/** The operation of the latest Add of exactly these files. */
export async function findAdd(
  memory: HostMemory,
  files: readonly string[],
): Promise<RememberedAdd | undefined> {
  const found = (await memory.get(keyOf(files)))?.value
  return isRemembered(found) ? found : undefined
}

/** The same; fails the job if there is none. */
export async function recallAdd(
  memory: HostMemory,
  files: readonly string[],
  hostname: string,
): Promise<RememberedAdd> {
  const found = await findAdd(memory, files)
  if (found !== undefined) return found
  throw actionFailure(
    `No install add operation of the exact selected packages has been completed successfully on ${hostname}.`,
  )
}

function isRemembered(value: unknown): value is RememberedAdd {
  if (typeof value !== 'object' || value === null || !('operationId' in value) || !('packages' in value))
    return false
  return Number.isInteger(value.operationId) && Array.isArray(value.packages)
}
