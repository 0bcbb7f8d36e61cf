/**
 * The pure rules of a software change: what the active set becomes, whether the router reloads, and why a change
 * is refused. Rules of the devices: fixes and options need the image of their release; an image of another
 * release replaces the old one; options of the old release must be replaced in the same command on classic XR and
 * are deactivated with a warning on eXR; fixes of the old release are superseded.
 */
import type { RouterOs } from '../families.ts'
import { compareReleases, type PackageFacts, shownWhileActive } from '../software/package-facts.ts'

/** A group of packages activated together, oldest release first. */
export interface SubOperation {
  readonly release: string
  readonly reload: boolean
  readonly packages: readonly PackageFacts[]
}

/** An active package that misses something. */
export interface Unmet {
  readonly name: string
  readonly needs: string
}

/** The outcome of planning; the change is possible when `unmet` is empty. */
export interface ChangePlan {
  readonly nextActive: ReadonlySet<string>
  readonly reload: boolean
  readonly steps: readonly SubOperation[]
  readonly superseded: readonly PackageFacts[]
  readonly dropped: readonly PackageFacts[]
  readonly unmet: readonly Unmet[]
}

/** Plans the activation of inactive packages. */
export function planActivation(
  os: RouterOs,
  active: readonly PackageFacts[],
  wanted: readonly PackageFacts[],
): ChangePlan {
  const release = finalRelease(active, wanted)
  const fresh = wanted.filter((facts) => facts.release === release)
  const older = wanted.filter((facts) => facts.release !== release && facts.kind !== 'image')
  const kept = [...active, ...older].filter((facts) => !isReplaced(facts, release, fresh))
  const stale = kept.filter((facts) => facts.release !== release && facts.kind === 'option')
  const superseded = kept.filter((facts) => facts.release !== release && facts.kind === 'smu')
  const dropped = os === 'exr' ? stale : []
  const gone = new Set([...superseded, ...dropped].map((facts) => facts.name))
  const next = [...kept, ...fresh].filter((facts) => !gone.has(facts.name))
  return {
    nextActive: new Set(next.map((facts) => facts.name)),
    steps: stepsOf(wanted),
    reload: wanted.some((facts) => facts.needsReload),
    superseded,
    dropped,
    unmet: distinct([...unmetIn(next), ...foreignTo(wanted, active, release)]),
  }
}

/** Plans the deactivation of active packages. */
export function planDeactivation(
  active: readonly PackageFacts[],
  unwanted: readonly PackageFacts[],
): ChangePlan {
  const gone = new Set(unwanted.map((facts) => facts.name))
  const next = active.filter((facts) => !gone.has(facts.name))
  return {
    nextActive: new Set(next.map((facts) => facts.name)),
    steps: stepsOf(unwanted),
    reload: unwanted.some((facts) => facts.needsReload),
    superseded: [],
    dropped: [],
    unmet: unmetIn(next),
  }
}

/** Plans the return to a committed set. */
export function planRollback(
  active: readonly PackageFacts[],
  committed: readonly PackageFacts[],
): ChangePlan {
  const was = new Set(active.map((facts) => facts.name))
  const willBe = new Set(committed.map((facts) => facts.name))
  const changed = [
    ...active.filter((facts) => !willBe.has(facts.name)),
    ...committed.filter((facts) => !was.has(facts.name)),
  ]
  const reload = changed.some((facts) => facts.needsReload)
  return { nextActive: willBe, steps: stepsOf(changed), reload, superseded: [], dropped: [], unmet: [] }
}

function finalRelease(active: readonly PackageFacts[], wanted: readonly PackageFacts[]): string {
  const images = wanted.filter((facts) => facts.kind === 'image')
  const newest = [...images].sort((a, b) => compareReleases(b.release, a.release))[0]
  const running = active.find((facts) => facts.kind === 'image')
  return newest?.release ?? running?.release ?? ''
}

function isReplaced(facts: PackageFacts, release: string, fresh: readonly PackageFacts[]): boolean {
  if (facts.release === release) return false
  return facts.kind !== 'smu' && fresh.some((each) => each.component === facts.component)
}

/** Packages that need something which is not among `next`. */
function unmetIn(next: readonly PackageFacts[]): Unmet[] {
  const present = new Set(next.flatMap((facts) => [facts.name, shownWhileActive(facts)]))
  return next.flatMap((facts) =>
    facts.requires.filter((needs) => !present.has(needs)).map((needs) => ({ name: facts.name, needs })),
  )
}

/** Wanted packages of neither the running release nor the one upgraded to. */
function foreignTo(
  wanted: readonly PackageFacts[],
  active: readonly PackageFacts[],
  release: string,
): Unmet[] {
  const running = active.find((facts) => facts.kind === 'image')?.release
  return wanted
    .filter((facts) => facts.release !== release && facts.release !== running && facts.kind !== 'image')
    .flatMap((facts) => facts.requires.map((needs) => ({ name: facts.name, needs })))
}

function distinct(unmet: readonly Unmet[]): Unmet[] {
  return [...new Map(unmet.map((each) => [`${each.name} ${each.needs}`, each])).values()]
}

function stepsOf(packages: readonly PackageFacts[]): SubOperation[] {
  const releases = [...new Set(packages.map((facts) => facts.release))].sort(compareReleases)
  return releases.map((release) => {
    const members = packages.filter((facts) => facts.release === release)
    return { release, packages: members, reload: members.some((facts) => facts.needsReload) }
  })
}
