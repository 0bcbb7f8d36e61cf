// Which releases there are, read anew for every question so that no replica answers from before an import. Questions
// that come while it is read share the next reading: under load one statement serves many of them.
import type { Release, SoftwareStore } from './software-store.ts'

export interface ReleaseList {
  /** All releases as they are at some moment after this call. */
  read(): Promise<readonly Release[]>
}

export function createReleaseList(store: Pick<SoftwareStore, 'releases'>): ReleaseList {
  let running: Promise<unknown> | undefined
  let next: Promise<readonly Release[]> | undefined

  function start(): Promise<readonly Release[]> {
    const reading = store.releases()
    const ended: Promise<unknown> = reading
      .catch(() => undefined)
      .then(() => {
        if (running === ended) running = undefined
      })
    running = ended
    return reading
  }
  return {
    read() {
      if (running === undefined) return start()
      // What runs may have looked before this question was asked.
      next ??= running.then(() => {
        next = undefined
        return start()
      })
      return next
    },
  }
}
