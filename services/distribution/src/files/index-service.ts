// Which files are served, and with which digest. Known in memory by name and identity, so that a download costs no
// statement; kept in the database, so that a start reads no file anew, and so that replicas share the work.
import type { DistributionName } from '@slipway/contracts'
import type { Clock, ServiceDeps } from '@slipway/service-kit'
import { examine, type Limits } from './examination.ts'
import type { IndexStore } from './index-store.ts'
import { type IndexedFile, keyOf, type Look } from './indexed-file.ts'
import { createLanes } from './lanes.ts'
import { createOpening, type OpenServed } from './opening.ts'
import type { StoreFile } from './store-file.ts'
import { identityOf, isCurrent, isSameContent, type StoreFolder } from './store-folder.ts'

export interface FileIndex {
  load(): Promise<void>
  readonly open: OpenServed
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

/** How often a look is begun anew when it is overtaken. */
const LOOKS = 3
/** Files that are read at once: the disk is for downloads. */
const READ_AT_ONCE = 2

export function createFileIndex(deps: FileIndexDeps): FileIndex {
  const { folder, store, clock, log } = deps
  const files = new Map<string, IndexedFile>()
  const looking = new Map<string, Promise<Look>>()
  const lanes = createLanes(READ_AT_ONCE)

  const find = (name: DistributionName) => files.get(keyOf(name))

  function keep(file: IndexedFile): void {
    const before = files.get(keyOf(file.name))
    files.set(keyOf(file.name), file)
    const { directory, file: name } = file.name
    if (file.refused !== '' && file.refused !== before?.refused) {
      log.warn({ directory, file: name, reason: file.refused }, 'a file of the store is not served')
    }
  }

  async function remember(file: IndexedFile): Promise<void> {
    await store.save(file)
    keep(file)
  }

  /** Again where somebody else has written down what is there meanwhile: mostly who publishes it. */
  async function lookUntilSure(name: DistributionName): Promise<Look> {
    for (let times = 1; times <= LOOKS; times += 1) {
      const found = await lookOnce(name)
      if (found !== 'overtaken') return found
    }
    deps.hint()
    return 'unsettled'
  }

  async function lookOnce(name: DistributionName): Promise<Look | 'overtaken'> {
    const opened = await folder.openFile(name)
    if (opened === undefined) return 'absent'
    try {
      const known = files.get(keyOf(name))
      if (isCurrent(known, opened)) return known
      const stored = await store.find(name)
      if (!isCurrent(stored, opened)) return await lookInto(name, opened, stored)
      // Another replica has found out.
      files.set(keyOf(name), stored)
      return stored
    } finally {
      opened.close()
    }
  }

  async function lookInto(
    name: DistributionName,
    opened: StoreFile,
    stored: IndexedFile | undefined,
  ): Promise<Look | 'overtaken'> {
    // Of what is just being published, or was given other modes, the bytes are known to stay: it need not settle.
    const isSame = stored !== undefined && isSameContent(stored.identity, identityOf(opened.stats))
    const settled = isSettled(opened)
    const found = settled || isSame ? await lanes(() => examine(name, opened, deps.limits)) : undefined
    if (found === undefined) {
      deps.hint()
      return 'unsettled'
    }
    const { publishedAt, publishedBy } = isSame ? stored : { publishedAt: clock.now(), publishedBy: '' }
    const file = { ...found, publishedAt, publishedBy }
    if (!(await store.saveOver(stored, file))) return 'overtaken'
    keep(file)
    // Who publishes it says so.
    if (settled) deps.noticed(file)
    return file
  }

  function isSettled({ stats }: StoreFile): boolean {
    return Math.abs(clock.now().getTime() - Number(stats.ctimeMs)) >= deps.settleMs
  }

  /** Everybody who asks for the same file waits for the same look. */
  function look(name: DistributionName): Promise<Look> {
    const key = keyOf(name)
    const running = looking.get(key)
    if (running !== undefined) return running
    const started = lookUntilSure(name).finally(() => looking.delete(key))
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
    open: createOpening({ folder, find, look }),
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
    find,
    all: () => [...files.values()],
  }
}
