// Opens a file once for all who ask for it in the same turn of the event loop: thousands of agents fetch the same file, and
// opening is a turn through the thread pool, which for a small one costs more than sending it. The file is opened
// after the last of them has asked, so nobody gets a state of the store that is older than the question.
import type { DistributionName } from '@slipway/contracts'
import { keyOf } from './indexed-file.ts'
import type { OpenServed, ServedFile } from './opening.ts'
import type { StoreFile } from './store-file.ts'

/** The same as what it is given; each who asks closes what it gets, the last one the file. */
export function createSharedOpening(open: OpenServed): OpenServed {
  const due = new Map<string, { opened: Promise<ServedFile | undefined>; users: number }>()

  /** After everything that arrived with this turn has asked. */
  function openSoon(key: string, name: DistributionName, byLink: boolean) {
    const opened = new Promise<ServedFile | undefined>((resolve) => {
      setImmediate(() => {
        due.delete(key)
        resolve(open(name, byLink))
      })
    })
    const started = { opened, users: 0 }
    due.set(key, started)
    return started
  }
  return async (name, byLink = false) => {
    const key = `${byLink ? 'link' : 'user'} ${keyOf(name)}`
    const entry = due.get(key) ?? openSoon(key, name, byLink)
    entry.users += 1
    const served = await entry.opened
    return served && { known: served.known, file: partOf(served.file, () => --entry.users === 0) }
  }
}

/** A file for one of several users. @param isLast asked once, when this one has closed it */
function partOf(file: StoreFile, isLast: () => boolean): StoreFile {
  let isOpen = true
  return {
    ...file,
    close() {
      if (!isOpen) return
      isOpen = false
      if (isLast()) file.close()
    },
  }
}
