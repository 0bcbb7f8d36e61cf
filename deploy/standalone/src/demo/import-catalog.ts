// The demo's software feed, imported as a user would.
import { setTimeout as pause } from 'node:timers/promises'
import type { ApiClient } from './api-client.ts'

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
    const { id } = await api.post<{ id: number }>('/cco/import', {})
    for (;;) {
      const { status, status_message: message } = await api.get<Import>(`/cco/import/${id}`)
      if (status === 'in-progress') await pause(100, undefined, { signal })
      else return print(`  ${status}: ${message} ${await contents(api)}`)
    }
  } catch (error) {
    signal.throwIfAborted()
    print(`  it could not be imported: ${error instanceof Error ? error.message : error}`)
  }
}

/** What the catalog holds now; it may have been imported when Slipway started. */
async function contents(api: Pick<ApiClient, 'get'>): Promise<string> {
  const platforms = Object.values(await api.get<Record<string, string[]>>('/cco/catalog'))
  return `The catalog has ${platforms.flat().length} releases of ${platforms.length} platforms.`
}
