// The demo's software feed, imported as a user would.
import { setTimeout as pause } from 'node:timers/promises'
import type { ApiClient } from './api-client.ts'

/** The folder below CATALOG_FEED_DIR in which the demo's feed lies: deploy/standalone/demo/catalog. */
const SOURCE = 'catalog'

interface Import {
  status: string
  status_message: string
}

/** Imports the feed and tells what came of it. A catalog is a help, so the demo goes on without one. */
export async function importCatalog(
  api: Pick<ApiClient, 'get' | 'post'>,
  { print, signal }: { print(line: string): void; signal: AbortSignal },
): Promise<void> {
  try {
    print('\nImporting the software catalog')
    const { id } = await api.post<{ id: number }>('/cco/import', { source: SOURCE })
    for (;;) {
      const { status, status_message: message } = await api.get<Import>(`/cco/import/${id}`)
      if (status !== 'in-progress') return print(`  ${status}: ${message}`)
      await pause(100, undefined, { signal })
    }
  } catch (error) {
    signal.throwIfAborted()
    print(`  it could not be imported: ${error instanceof Error ? error.message : error}`)
  }
}
