// A tar file holds many packages. They are activated by the operation that added them, so an Add remembers its
// operation under the names of its files, and an Activate of exactly the same files uses it.
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

/** The operation of the latest Add of exactly these files; fails the job if there is none. */
export async function recallAdd(
  memory: HostMemory,
  files: readonly string[],
  hostname: string,
): Promise<RememberedAdd> {
  const found = (await memory.get(keyOf(files)))?.value
  if (isRemembered(found)) return found
  throw actionFailure(
    `No install add operation of the exact selected packages has been completed successfully on ${hostname}.`,
  )
}

function isRemembered(value: unknown): value is RememberedAdd {
  if (typeof value !== 'object' || value === null || !('operationId' in value) || !('packages' in value))
    return false
  return Number.isInteger(value.operationId) && Array.isArray(value.packages)
}
