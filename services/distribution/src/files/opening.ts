// Opens what may be served. What the index knows belongs to the bytes that are opened: a file whose identity is another one
// is looked at first.
import { createError, type DistributionName, distributionNameProblem } from '@slipway/contracts'
import { type IndexedFile, isLinkable, type Look } from './indexed-file.ts'
import type { StoreFile } from './store-file.ts'
import { isCurrent, type StoreFolder } from './store-folder.ts'

/** An open file of the store with what is known of it. Close it. */
export interface ServedFile {
  readonly file: StoreFile
  readonly known: IndexedFile
}

/**
 * Opens a file that may be served; undefined if there is none. @param byLink also router software
 * Error: DISTRIBUTION_BUSY, if it is still being read for its digest; that goes on, and the next one finds it. And
 * if a file that was served a moment ago is another one now and not settled yet.
 */
export type OpenServed = (name: DistributionName, byLink?: boolean) => Promise<ServedFile | undefined>

/** How long a download waits for the look at its file; large ones take seconds. Answers come within two. */
const LOOK_MS = 700

export interface OpeningDeps {
  readonly folder: Pick<StoreFolder, 'openFile'>
  readonly find: (name: DistributionName) => IndexedFile | undefined
  readonly look: (name: DistributionName) => Promise<Look>
}

export function createOpening({ folder, find, look }: OpeningDeps): OpenServed {
  return async (name, byLink = false) => {
    if (distributionNameProblem(name) !== undefined) return undefined
    const giveUpAt = performance.now() + LOOK_MS
    // Again, as what is looked at may have been replaced between the look and the opening.
    for (;;) {
      const opened = await folder.openFile(name)
      if (opened === undefined) return undefined
      const known = find(name)
      const wasServed = known?.refused === ''
      if (isCurrent(known, opened)) return servedOrNot(opened, known, byLink)
      opened.close()
      const found = await inTime(look(name), giveUpAt - performance.now())
      if (found === 'absent') return undefined
      if (found !== 'unsettled') continue
      // It was there a moment ago and will be again: not the time to say that there is no such file.
      if (wasServed) throw createError('DISTRIBUTION_BUSY')
      return undefined
    }
  }
}

function servedOrNot(file: StoreFile, known: IndexedFile, byLink: boolean): ServedFile | undefined {
  if (byLink ? isLinkable(known) : known.refused === '') return { file, known }
  file.close()
  return undefined
}

/** The look's end, or DISTRIBUTION_BUSY if that takes too long. */
async function inTime(look: Promise<Look>, ms: number): Promise<Look> {
  if (ms <= 0) throw createError('DISTRIBUTION_BUSY')
  let timer: NodeJS.Timeout | undefined
  const tooLong = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(createError('DISTRIBUTION_BUSY')), ms)
  })
  try {
    return await Promise.race([look, tooLong])
  } finally {
    clearTimeout(timer)
  }
}
