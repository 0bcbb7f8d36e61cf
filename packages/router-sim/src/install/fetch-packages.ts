/** The work of an add: fetch the files, read their facts, check them against the router. */
import {
  type Credentials,
  type Fetcher,
  type FetchFailure,
  type FetchSession,
  failureOf,
} from '../fetch/fetcher.ts'
import type { RepositoryUrl } from '../fetch/repository-url.ts'
import type { RouterCore } from '../router-core.ts'
import type { PackageFacts } from '../software/package-facts.ts'
import { decodePackages } from '../software/package-file.ts'

/** Why an add fails. */
export type AddProblem =
  | { readonly kind: 'fetch'; readonly failure: FetchFailure; readonly file: string }
  | { readonly kind: 'corrupt'; readonly file: string }
  | { readonly kind: 'platform'; readonly file: string; readonly platform: string }
  | { readonly kind: 'disk'; readonly required: number; readonly available: number }

/** What an add gets. */
export type AddResult =
  | { readonly ok: true; readonly packages: PackageFacts[] }
  | { readonly ok: false; readonly problem: AddProblem }

/** Opens a repository, turning a failure into a value. */
export async function openRepository(
  fetcher: Fetcher,
  url: RepositoryUrl,
  credentials: Credentials,
  signal: AbortSignal,
): Promise<FetchSession | FetchFailure> {
  try {
    return await fetcher(url, credentials, signal)
  } catch (error) {
    return failureOf(error)
  }
}

/** Reads all files; `progress` gets the bytes of all of them so far. The session stays open. */
export async function readPackages(
  session: FetchSession,
  files: readonly string[],
  progress: (bytes: number) => void,
): Promise<AddResult> {
  const packages: PackageFacts[] = []
  let before = 0
  for (const file of files) {
    let bytes: Buffer
    try {
      bytes = await session.read(file, (sofar) => progress(before + sofar))
    } catch (error) {
      return { ok: false, problem: { kind: 'fetch', failure: failureOf(error), file } }
    }
    before += bytes.length
    const decoded = decode(bytes)
    if (decoded === undefined) return { ok: false, problem: { kind: 'corrupt', file } }
    packages.push(...decoded)
  }
  return { ok: true, packages }
}

function decode(bytes: Buffer): PackageFacts[] | undefined {
  try {
    return decodePackages(bytes)
  } catch {
    return undefined
  }
}

/** Checks read packages against platform and disk. */
export function checkPackages(
  router: RouterCore,
  packages: readonly PackageFacts[],
  diskFull: boolean,
): AddResult {
  const foreign = packages.find((facts) => facts.platform !== router.profile.family)
  if (foreign !== undefined) {
    return { ok: false, problem: { kind: 'platform', file: foreign.file, platform: foreign.platform } }
  }
  const fresh = packages.filter((facts) => router.store.find(facts.name) === undefined)
  const required = fresh.reduce((total, facts) => total + facts.installedBytes, 0)
  const available = diskFull ? Math.floor(required / 3) : router.diskBytes - router.store.bytesUsed()
  if (required > available) return { ok: false, problem: { kind: 'disk', required, available } }
  return { ok: true, packages: [...packages] }
}
