// Which files are served, and with which digest. Known in memory by name and identity, so that a download costs no
// statement; kept in the database, so that a start reads no file anew, and so that replicas share the work.
import { createError, type DistributionName, distributionNameProblem } from '@slipway/contracts'
import type { Clock, ServiceDeps } from '@slipway/service-kit'
import { examine, type Limits } from './examination.ts'
import type { IndexStore } from './index-store.ts'
import { type IndexedFile, isLinkable, keyOf } from './indexed-file.ts'
import { createLanes } from './lanes.ts'
import type { StoreFile } from './store-file.ts'
import { identityOf, isSameContent, type StoreFolder } from './store-folder.ts'

/** An open file of the store with what is known of it. Close it. */
export interface ServedFile {
  readonly file: StoreFile
  readonly known: IndexedFile
}

/** What came of looking at a file. */
export type Look = IndexedFile | 'absent' | 'unsettled'

export interface FileIndex {
  load(): Promise<void>
  /**
   * Opens a file that may be served; undefined if there is none. @param byLink also router software
   * Error: DISTRIBUTION_BUSY, if it is still being read for its digest; that goes on, and the next one finds it.
   */
  open(name: DistributionName, byLink?: boolean): Promise<ServedFile | undefined>
  /** Looks at a file and remembers what is found. */
  look(name: DistributionName): Promise<Look>
  /** Remembers a file that is not served. */
  refuse(name: DistributionName, reason: string): Promise<void>
  remember(file: IndexedFile): Promise<void>
  /** Writes down who publishes a file before it is visible: whoever meets it first, also after a crash, finds it. */
  announce(file: IndexedFile): Promise<void>
  /** Takes an announcement back: what was there before is there still. */
  withdraw(name: DistributionName): Promise<void>
  forget(name: DistributionName): Promise<void>
  find(name: DistributionName): IndexedFile | undefined
  all(): readonly IndexedFile[]
}

export interface FileIndexDeps {
  readonly folder: StoreFolder
  readonly store: IndexStore
  readonly clock: Pick<Clock, 'now'>
  readonly log: Pick<ServiceDeps<unknown>['log'], 'warn' | 'info'>
  readonly limits: Limits
  /** A file that changed less than this ago may still be growing. */
  readonly settleMs: number
  /** Something was met that the scan has to come back for. */
  readonly hint: () => void
  /** A file was seen for the first time, or changed. */
  readonly noticed: (file: IndexedFile) => void
}

/** How long a download waits for the look at its file; large ones take seconds. Answers come within two. */
const LOOK_MS = 700
/** Files that are read at once: the disk is for downloads. */
const READ_AT_ONCE = 2

export function createFileIndex(deps: FileIndexDeps): FileIndex {
  const { folder, store, clock, log } = deps
  const files = new Map<string, IndexedFile>()
  const looking = new Map<string, Promise<Look>>()
  const lanes = createLanes(READ_AT_ONCE)

  function isCurrent(file: IndexedFile | undefined, { stats }: StoreFile): file is IndexedFile {
    return file !== undefined && file.identity === identityOf(stats)
  }

  async function remember(file: IndexedFile): Promise<void> {
    await store.save(file)
    const before = files.get(keyOf(file.name))
    files.set(keyOf(file.name), file)
    const { directory, file: name } = file.name
    if (file.refused !== '' && file.refused !== before?.refused) {
      log.warn({ directory, file: name, reason: file.refused }, 'a file of the store is not served')
    }
  }

  async function lookOnce(name: DistributionName): Promise<Look> {
    const opened = await folder.openFile(name)
    if (opened === undefined) return 'absent'
    try {
      const known = await knownOf(name, opened)
      if (known !== undefined) return known
      if (!isSettled(opened)) {
        deps.hint()
        return 'unsettled'
      }
      const found = await lanes(() => examine(name, opened, deps.limits))
      if (found === undefined) {
        deps.hint()
        return 'unsettled'
      }
      const stored = await store.find(name)
      const isPublished = stored !== undefined && isSameContent(stored.identity, found.identity)
      const { publishedAt, publishedBy } = isPublished
        ? stored
        : { publishedAt: clock.now(), publishedBy: '' }
      const file = { ...found, publishedAt, publishedBy }
      await remember(file)
      deps.noticed(file)
      return file
    } finally {
      opened.close()
    }
  }

  /** From memory, or what another replica has found out. */
  async function knownOf(name: DistributionName, opened: StoreFile): Promise<IndexedFile | undefined> {
    const known = files.get(keyOf(name))
    if (isCurrent(known, opened)) return known
    const stored = await store.find(name)
    if (!isCurrent(stored, opened)) return undefined
    files.set(keyOf(name), stored)
    return stored
  }

  function isSettled({ stats }: StoreFile): boolean {
    return Math.abs(clock.now().getTime() - Number(stats.ctimeMs)) >= deps.settleMs
  }

  /** Everybody who asks for the same file waits for the same look. */
  function look(name: DistributionName): Promise<Look> {
    const key = keyOf(name)
    const running = looking.get(key)
    if (running !== undefined) return running
    const started = lookOnce(name).finally(() => looking.delete(key))
    looking.set(key, started)
    return started
  }

  return {
    look,
    remember,
    announce: (file) => store.save(file),
    async withdraw(name) {
      const before = files.get(keyOf(name))
      await (before === undefined ? store.remove(name) : store.save(before))
    },
    async load() {
      for (const file of await store.list()) files.set(keyOf(file.name), file)
    },
    async open(name, byLink = false) {
      if (distributionNameProblem(name) !== undefined) return undefined
      // Twice: what is looked at may have been replaced between the look and the opening.
      for (let attempt = 1; attempt <= 2; attempt += 1) {
        const opened = await folder.openFile(name)
        if (opened === undefined) return undefined
        const known = files.get(keyOf(name))
        if (isCurrent(known, opened)) {
          const served = byLink ? isLinkable(known) : known.refused === ''
          if (served) return { file: opened, known }
          opened.close()
          return undefined
        }
        opened.close()
        if (typeof (await inTime(look(name))) === 'string') return undefined
      }
      return undefined
    },
    async refuse(name, refused) {
      const before = files.get(keyOf(name))
      if (before?.refused === refused && before.identity === '') return
      const file = { name, identity: '', size: 0, sha256: '', version: '', refused }
      await remember({ ...file, publishedAt: clock.now(), publishedBy: '' })
    },
    async forget(name) {
      await store.remove(name)
      files.delete(keyOf(name))
    },
    find: (name) => files.get(keyOf(name)),
    all: () => [...files.values()],
  }
}

/** The look's end, or DISTRIBUTION_BUSY if that takes too long. */
async function inTime(look: Promise<Look>): Promise<Look> {
  let timer: NodeJS.Timeout | undefined
  const tooLong = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(createError('DISTRIBUTION_BUSY')), LOOK_MS)
  })
  try {
    return await Promise.race([look, tooLong])
  } finally {
    clearTimeout(timer)
  }
}
