// Deleting a host is done in halves: it is marked, the scheduler releases it (its jobs go), the row is removed.
// From the mark on nobody sees the host and its name cannot be used. A half that is left, because the scheduler was
// away or a process died, is finished by the next DELETE of the same name or by the sweep, whichever comes first.
import { createError, hasCode } from '@slipway/contracts'
import type { HostChange, HostReference } from './host-news.ts'
import type { HostStore } from './host-store.ts'

export interface HostDeletionDeps {
  readonly store: Pick<HostStore, 'markDeleting' | 'unmarkDeleting' | 'remove' | 'listDeleting'>
  /** Asks the scheduler to delete the host's jobs; rejects with SCHEDULER_HOST_BUSY while one is in progress. */
  readonly release: (hostId: string, requestId?: string) => Promise<void>
  readonly changed: (changes: HostChange[]) => void
  readonly log: { warn(fields: object, message: string): void }
}

export interface HostDeletion {
  /** Errors: INVENTORY_HOST_NOT_FOUND, INVENTORY_HOST_JOB_RUNNING, and the bus's if the scheduler is away. */
  delete(hostname: string, requestId: string): Promise<void>
  /** Finishes what was begun; a host that cannot be released now stays for the next time. */
  sweep(): Promise<void>
}

export function createHostDeletion(deps: HostDeletionDeps): HostDeletion {
  return {
    async delete(hostname, requestId) {
      const host = await deps.store.markDeleting(hostname)
      if (host === undefined) throw createError('INVENTORY_HOST_NOT_FOUND', [hostname])
      await finish(deps, host, requestId)
    },
    async sweep() {
      for (const host of await deps.store.listDeleting()) {
        try {
          await finish(deps, host)
        } catch (error) {
          deps.log.warn({ err: error, host: host.hostname }, 'a host could not be deleted yet')
        }
      }
    },
  }
}

async function finish(
  { store, release, changed }: HostDeletionDeps,
  host: HostReference,
  requestId?: string,
): Promise<void> {
  try {
    await release(host.id, requestId)
  } catch (error) {
    // Busy means that nothing was released, so nothing is lost by taking the mark back. After any other failure
    // the jobs may be gone: only forward is safe.
    if (!hasCode(error, 'SCHEDULER_HOST_BUSY')) throw error
    await store.unmarkDeleting(host.id)
    // No cause: a refusal is no failure, and nothing to log.
    throw createError('INVENTORY_HOST_JOB_RUNNING', [host.hostname])
  }
  // Whether or not it is still marked: another request may have met a job that has ended since.
  await store.remove(host.id)
  changed([{ hostId: host.id, version: host.version + 1 }])
}
