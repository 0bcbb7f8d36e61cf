// Which releases there are, and in which version. What was read serves all questions of a moment, see
// `catalogAnswerMaxAgeMs`: under load one statement answers many of them.
import { catalogAnswerMaxAgeMs } from '@slipway/contracts'
import type { Release, SoftwareStore } from './software-store.ts'

export interface ReleaseList {
  /** All releases as they are now, or were `catalogAnswerMaxAgeMs` ago at most. */
  read(): Promise<readonly Release[]>
  /** Forgets what was read: something changed. */
  forget(): void
}

export function createReleaseList(
  store: Pick<SoftwareStore, 'releases'>,
  monotonicMs: () => number,
): ReleaseList {
  /** Its age counts from the question, not from the answer: what is read may have changed in between. */
  let latest: { readonly releases: Promise<readonly Release[]>; readonly begunAt: number } | undefined
  return {
    read() {
      const now = monotonicMs()
      if (latest !== undefined && now - latest.begunAt < catalogAnswerMaxAgeMs) return latest.releases
      const reading = { releases: store.releases(), begunAt: now }
      latest = reading
      // A reading that failed is tried again by the next question.
      reading.releases.catch(() => {
        if (latest === reading) latest = undefined
      })
      return reading.releases
    },
    forget() {
      latest = undefined
    },
  }
}
