import type { Bus, Registration } from '@slipway/bus'
import {
  createError,
  type DistributionName,
  distributionMessages,
  distributionNameProblem,
} from '@slipway/contracts'
import type { ActivityLog } from './activity/activity-service.ts'
import type { FileIndex } from './files/index-service.ts'
import { type IndexedFile, isLinkable, keyOf } from './files/indexed-file.ts'
import type { Links } from './links/link-service.ts'
import type { Publishing } from './publishing/publish-service.ts'

export interface DistributionUseCases {
  readonly index: FileIndex
  readonly links: Links
  readonly publishing: Publishing
  readonly activity: ActivityLog
}

/** Answers gateway and executors. */
export function serveDistribution(
  bus: Pick<Bus, 'serve'>,
  { index, links, publishing, activity }: DistributionUseCases,
  list: () => Promise<IndexedFile[]>,
): Registration[] {
  const byUser = (caller: { username: string } | undefined) => caller?.username ?? ''
  /** Looked at anew: another replica may have published it a moment ago. */
  const linkable = async (name: DistributionName) => {
    const look = await index.look(name)
    return typeof look !== 'string' && isLinkable(look)
  }
  return [
    bus.serve(distributionMessages.list, async () => ({ rows: (await list()).map(toRow) })),
    bus.serve(distributionMessages.remove, async (name, { caller }) => {
      await publishing.remove(name, byUser(caller))
      return {}
    }),
    bus.serve(distributionMessages.listActivity, async (name) => ({
      rows: (await activity.list(name)).map(({ name: its, at, ...row }) => ({
        ...row,
        ...its,
        at: at.toISOString(),
      })),
    })),
    bus.serve(distributionMessages.createLink, async ({ directory, file, ...terms }, { caller }) => {
      const name = { directory, file }
      if (!(await linkable(name))) throw createError('DISTRIBUTION_NOT_FOUND', [keyOf(name)])
      const createdBy = byUser(caller)
      const { path, expiresAt } = await links.create({ directory, files: [file], createdBy, ...terms })
      activity.add({ kind: 'link-created', name, actor: createdBy })
      return { path: `${path}/${file}`, expiresAt: expiresAt.toISOString() }
    }),
    bus.serve(distributionMessages.openRepository, async ({ directory, files, expiresInS, reader }) => {
      const distinct = [...new Set(files)]
      await needAll(index, directory, distinct)
      const terms = { uses: 1, expiresInS, createdBy: reader }
      const { path, expiresAt } = await links.create({ directory, files: distinct, ...terms })
      return { path, expiresAt: expiresAt.toISOString() }
    }),
  ]
}

/** Fails if a router could not fetch all of the files; those that are not there are named together. */
async function needAll(index: FileIndex, directory: string, files: readonly string[]): Promise<void> {
  const missing: string[] = []
  for (const file of files) {
    const name = { directory, file }
    const look = distributionNameProblem(name) === undefined ? await index.look(name) : 'absent'
    if (look === 'absent') missing.push(keyOf(name))
    else if (look === 'unsettled') throw createError('DISTRIBUTION_UNSETTLED', [keyOf(name)])
    else if (!isLinkable(look)) throw createError('DISTRIBUTION_REFUSED', [keyOf(name), look.refused])
  }
  if (missing.length > 0) throw createError('DISTRIBUTION_NOT_FOUND', [missing.join("', '")])
}

function toRow({ name, publishedAt, size, sha256, version, refused, publishedBy }: IndexedFile) {
  return { ...name, size, sha256, version, refused, publishedBy, publishedAt: publishedAt.toISOString() }
}
