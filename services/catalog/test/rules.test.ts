// The rules of the catalog, without any I/O: superseding, prerequisites, the optimal list, a list put right, names.
import { catalogPlatform, catalogRelease } from '@slipway/router-session/packages'
import fc from 'fast-check'
import t from 'tap'
import { optimalSoftware, postedSince } from '../src/software/optimal.ts'
import { optimizeSoftware, softwareRoles } from '../src/software/optimized.ts'
import { missingPrerequisites } from '../src/software/prerequisites.ts'
import { newestFirst, platformAskedFor, releaseAskedFor } from '../src/software/release-name.ts'
import { createSoftwareCatalog } from '../src/software/software-catalog.ts'
import { toDetail } from '../src/software/software-row.ts'
import { entry, names, smu } from './entries.ts'

const catalogOf = (...entries: ReturnType<typeof entry>[]) => createSoftwareCatalog(entries)

t.test('optimal software is what is posted and superseded by nothing', async (t) => {
  const catalog = catalogOf(
    smu('B', { supersedes: ['A'] }),
    smu('A', { supersededBy: ['B'] }),
    smu('OLD', { status: 'Obsoleted' }),
    smu('GONE', { supersededBy: ['not in the catalog'] }),
    entry({ kind: 'in-transit', name: 'SOON', status: 'In Transit', supersedes: ['B'] }),
    entry({ kind: 'tar', name: 'BUNDLE' }),
    entry({ kind: 'sp', name: 'AA-PACK' }),
  )
  t.same(names(optimalSoftware(catalog)), ['B', 'AA-PACK'], 'SMUs, then service packs')
  t.same(names(catalog.software), ['A', 'B', 'GONE', 'OLD', 'AA-PACK'], 'all of them')
})

t.test('what only the newer one says counts, unless the newer one cannot be had', async (t) => {
  t.same(names(optimalSoftware(catalogOf(smu('A'), smu('B', { supersedes: ['A'] })))), ['B'])
  const obsolete = smu('B', { status: 'Obsoleted', supersedes: ['A'] })
  t.same(names(optimalSoftware(catalogOf(smu('A'), obsolete))), ['A'])
})

t.test('prerequisites come along, transitively, unless something in the list covers them', async (t) => {
  const old = { supersededBy: ['NEW'] }
  const catalog = catalogOf(
    smu('X', { prerequisites: ['P'] }),
    smu('P', { status: 'Obsoleted', prerequisites: ['Q', 'COVERED'] }),
    smu('Q', { ...old, supersededBy: ['ELSEWHERE'] }),
    smu('COVERED', old),
    smu('NEW', { supersedes: ['COVERED'] }),
  )
  t.same(names(optimalSoftware(catalog)), ['NEW', 'P', 'Q', 'X'])
})

t.test('superseding is transitive; circles have no newest', async (t) => {
  const chain = catalogOf(smu('A'), smu('B', { supersedes: ['A'] }), smu('C', { supersedes: ['B'] }))
  t.same(chain.superseding.withoutSuperseded(['A', 'C']), ['C'])
  const circle = catalogOf(smu('A', { supersedes: ['B'] }), smu('B', { supersedes: ['A'] }))
  t.same(circle.superseding.withoutSuperseded(['A', 'B']), ['A', 'B'], 'neither is dropped for the other')
  const needing = catalogOf(
    smu('X', { prerequisites: ['A', 'B'] }),
    smu('A', { supersedes: ['B'], supersededBy: ['B'] }),
    smu('B', { supersedes: ['A'], supersededBy: ['A'] }),
  )
  t.same(missingPrerequisites(needing, ['X']), ['A'], 'one of a circle is enough')
  const selfish = catalogOf(smu('X', { prerequisites: ['X', 'Y'] }), smu('Y', { prerequisites: ['X'] }))
  t.same(missingPrerequisites(selfish, ['X']), ['Y'])
})

t.test('a prerequisite that another added one supersedes is not added', async (t) => {
  const catalog = catalogOf(
    smu('X', { prerequisites: ['P1', 'P2'] }),
    smu('P1', { supersededBy: ['P2'], prerequisites: ['ONLY FOR P1'] }),
    smu('P2', { supersedes: ['P1'], supersededBy: ['ELSEWHERE'] }),
  )
  t.same(missingPrerequisites(catalog, ['X']), ['P2'])
})

t.test(
  'lists are complete, minimal where nothing is circular, and stable, whatever the feed says',
  async (t) => {
    const name = fc.integer({ min: 0, max: 14 }).map((n) => `S${String(n).padStart(2, '0')}`)
    const few = fc.uniqueArray(name, { maxLength: 3 })
    const feed = fc
      .uniqueArray(
        fc.record({
          name,
          supersedes: few,
          supersededBy: few,
          prerequisites: few,
          status: fc.constantFrom('Posted', 'Posted', 'Obsoleted'),
          kind: fc.constantFrom('smu' as const, 'smu' as const, 'sp' as const, 'in-transit' as const),
        }),
        { selector: (each) => each.name, maxLength: 15 },
      )
      .map((rows) => rows.map(entry))
    t.doesNotThrow(() =>
      fc.assert(
        fc.property(feed, few, (entries, given) => {
          const catalog = createSoftwareCatalog(entries)
          const optimal = names(optimalSoftware(catalog))
          const again = names(optimalSoftware(createSoftwareCatalog([...entries].reverse())))
          const kept = catalog.superseding.withoutSuperseded(given)
          const list = [...kept, ...missingPrerequisites(catalog, kept)]
          return (
            optimal.join() === again.join() &&
            new Set(list).size === list.length &&
            (given.length === 0 || kept.length > 0) &&
            kept.join() === given.filter((each) => !isBelowAnother(catalog, each, given)).join() &&
            isComplete(catalog, list) &&
            missingPrerequisites(catalog, list).length === 0
          )
        }),
        { numRuns: 1_000 },
      ),
    )
  },
)

/** A feed as it should be: nothing supersedes or needs, however indirectly, itself. Each has two files, one or none. */
const orderly = fc
  .uniqueArray(
    fc.record({
      at: fc.integer({ min: 0, max: 14 }),
      supersedes: fc.uniqueArray(fc.nat(14), { maxLength: 3 }),
      supersededBy: fc.uniqueArray(fc.nat(14), { maxLength: 1 }),
      prerequisites: fc.uniqueArray(fc.nat(14), { maxLength: 3 }),
      files: fc.nat(2),
      status: fc.constantFrom('Posted', 'Posted', 'Obsoleted'),
      kind: fc.constantFrom(
        'smu' as const,
        'smu' as const,
        'sp' as const,
        'in-transit' as const,
        'tar' as const,
      ),
    }),
    { selector: ({ at }) => at, maxLength: 15 },
  )
  .map((rows) =>
    rows.map(({ at, files, supersedes, supersededBy, prerequisites, ...rest }) =>
      entry({
        ...rest,
        name: called(at),
        supersedes: supersedes.filter((other) => other < at).map(called),
        supersededBy: supersededBy.filter((other) => other > at).map(called),
        prerequisites: prerequisites.filter((other) => other < at).map(called),
        packageNames: [`${called(at)}.pie`, `${called(at)}-2.pie`].slice(0, files),
      }),
    ),
  )
function called(at: number): string {
  return `S${String(at).padStart(2, '0')}`
}
const someNames = fc.uniqueArray(fc.nat(14).map(called), { maxLength: 4 })

t.test('the optimal list is what is posted and not superseded, and what that needs, no more', async (t) => {
  const property = fc.property(orderly, (entries) => {
    const software = entries.filter(({ kind }) => kind === 'smu' || kind === 'sp')
    const chosen = software.filter(
      ({ name, status, supersededBy }) =>
        status === 'Posted' &&
        supersededBy.length === 0 &&
        !entries.some(
          (other) =>
            other.status === 'Posted' && other.kind !== 'in-transit' && other.supersedes.includes(name),
        ),
    )
    const catalog = createSoftwareCatalog(entries)
    const optimal = new Set(names(optimalSoftware(catalog)))
    const list = [...names(chosen), ...missingPrerequisites(catalog, names(chosen))]
    const wanted = names(software).filter((name) => list.includes(name))
    const needed = closureOf(names(chosen), entries)
    return (
      optimal.size === wanted.length &&
      wanted.every((name) => optimal.has(name)) &&
      list.every((name) => needed.has(name)) &&
      isComplete(catalog, list)
    )
  })
  t.doesNotThrow(() => fc.assert(property, { numRuns: 1_000 }))
})

/** The names and everything they need, directly or not. */
function closureOf(list: readonly string[], entries: readonly ReturnType<typeof entry>[]): Set<string> {
  const found = new Set(list)
  for (const name of found) {
    for (const needed of entries.find((each) => each.name === name)?.prerequisites ?? []) found.add(needed)
  }
  return found
}

t.test('no added prerequisite can be left out, where nothing is circular', async (t) => {
  const property = fc.property(orderly, someNames, (entries, given) => {
    const catalog = createSoftwareCatalog(entries)
    const kept = catalog.superseding.withoutSuperseded(given)
    const added = missingPrerequisites(catalog, kept)
    return added.every((name) => !isComplete(catalog, [...kept, ...added.filter((other) => other !== name)]))
  })
  t.doesNotThrow(() => fc.assert(property, { numRuns: 1_000 }))
})

t.test('a list put right loses nothing that is not superseded, and stays as it is', async (t) => {
  const asCalled = fc.tuple(fc.nat(16).map(called), fc.constantFrom('', '.pie', '-2.pie', '.txt'))
  const given = fc.uniqueArray(
    asCalled.map((parts) => parts.join('')),
    { maxLength: 6 },
  )
  const property = fc.property(orderly, given, (entries, list) => {
    const catalog = createSoftwareCatalog(entries)
    const rows = optimizeSoftware(catalog, list)
    const ranks = rows.map(({ role }) => softwareRoles.indexOf(role))
    const found = rows.map(({ name }) => name)
    const entryNames = (all: readonly string[]) => all.flatMap((name) => catalog.byPackage(name)?.name ?? [])
    const isThere = (name: string) => {
      const its = catalog.byPackage(name)
      if (its === undefined) return found.includes(name)
      if (isBelowAnother(catalog, its.name, entryNames(list))) return true
      return its.packageNames.length === 0
        ? found.includes(name)
        : its.packageNames.every((each) => found.includes(each))
    }
    const again = optimizeSoftware(catalog, found).map(({ name }) => name)
    // What is added may supersede what was given; a second look leaves that out.
    const left = found.filter((name) => {
      const its = catalog.byPackage(name)
      return its === undefined || !isBelowAnother(catalog, its.name, entryNames(found))
    })
    return (
      ranks.every((rank, index) => rank >= (ranks[index - 1] ?? 0)) &&
      new Set(found).size === found.length &&
      list.every(isThere) &&
      [...again].sort().join() === left.sort().join()
    )
  })
  t.doesNotThrow(() => fc.assert(property, { numRuns: 1_000 }))
})

t.test('platform and release are those of the name in all of its forms', async (t) => {
  const digit = fc.nat(9)
  const bug = fc.integer({ min: 10_000, max: 99_999 }).map((n) => `CSCuz${n}`)
  const numbers = fc.tuple(fc.integer({ min: 3, max: 9 }), digit, digit)
  const classic = fc
    .tuple(
      fc.constantFrom(['asr9k', 'asr9k_px'], ['hfr', 'crs_px']),
      fc.constantFrom('mini', 'mcast', 'mgbl', 'k9sec', 'mpls'),
      bug,
      numbers,
      fc.boolean(),
    )
    .map(([[stem = '', platform = ''], type, fix, version, isFix]) => {
      const release = version.join('.')
      const shown = isFix ? `${stem}-px-${release}.${fix}-1.0.0` : `${stem}-${type}-px-${release}`
      const file = isFix ? `${stem}-px-${release}.${fix}.pie` : `${stem}-${type}-px.pie-${release}`
      return { platform, release, forms: [file, `disk0:${shown}`, shown] }
    })
  const exr = fc
    .tuple(
      fc.constantFrom(
        ...['ncs1k', 'ncs1001', 'ncs4k', 'ncs5k', 'ncs540', 'ncs5500', 'ncs6k', 'xrv9k', 'asr9k'],
      ),
      fc.constantFrom('mcast', 'mgbl', 'k9sec', 'mpls', 'ospf'),
      bug,
      numbers,
      fc.boolean(),
    )
    .map(([stem, type, fix, version, isFix]) => {
      const isAsr = stem === 'asr9k'
      const rpm = `${stem}-${type}${isAsr ? '-x64' : ''}-2.0.0.1-r${version.join('')}`
      const shown = isFix ? `${rpm}.${fix}` : rpm
      const platform = isAsr ? 'asr9k_x64' : stem
      return { platform, release: version.join('.'), forms: [`${shown}.x86_64.rpm`, shown] }
    })
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(fc.oneof(classic, exr), ({ platform, release, forms }) =>
        forms.every((form) => catalogPlatform(form) === platform && catalogRelease(form) === release),
      ),
    ),
  )
})

/** The definition, name by name: something in the list supersedes it and is not superseded by it in turn. */
function isBelowAnother(
  { superseding }: ReturnType<typeof createSoftwareCatalog>,
  name: string,
  list: readonly string[],
): boolean {
  const itsOwn = superseding.below([name])
  return list.some((other) => superseding.below([other]).has(name) && !itsOwn.has(other))
}

/** Each prerequisite of each name is in the list or superseded by something in it. */
function isComplete(catalog: ReturnType<typeof createSoftwareCatalog>, list: readonly string[]): boolean {
  const covered = catalog.superseding.below(list)
  return list
    .flatMap((name) => catalog.byName(name)?.prerequisites ?? [])
    .every((needed) => list.includes(needed) || covered.has(needed))
}

t.test('the date is compared as printed', async (t) => {
  const at = (postedDate: string) => smu(postedDate || 'never', { postedDate })
  const list = [
    at('04/27/2016 23:39:38 PDT'),
    at('04/28/2016 00:10:00 PDT'),
    at('12/01/2015 10:00:00 PST'),
    at(''),
  ]
  t.same(names(postedSince(list, '2016-04-28')), ['04/28/2016 00:10:00 PDT'])
  t.equal(postedSince(list, '2016-04-27').length, 2)
  t.equal(postedSince(list, '0001-01-01').length, 3, 'what has no date is in no dated list')
})

t.test('a list is put right', async (t) => {
  const px = (bug: string) => `asr9k-px-5.3.3.${bug}`
  const [old, newer, needs, needed] = ['CSCaa00001', 'CSCaa00002', 'CSCaa00003', 'CSCaa00004'].map(px)
  if (old === undefined || newer === undefined || needs === undefined || needed === undefined) return
  const catalog = catalogOf(
    smu(old, { supersededBy: [newer], packageNames: [`${old}.pie`] }),
    smu(newer, { supersedes: [old], packageNames: [`${newer}.pie`], description: 'Newer' }),
    smu(needs, { prerequisites: [needed], packageNames: [`${needs}.pie`], description: 'Needs' }),
    smu(needed, { packageNames: [`${needed}.pie`, `${needed}-2.pie`], description: 'Needed' }),
  )
  const given = [
    'junk.txt',
    'asr9k-mini-px.pie-5.3.3',
    `disk0:${old}-1.0.0`,
    `${newer}.pie`,
    `disk0:${newer}-1.0.0`,
    needs,
    px('CSCzz99999.pie'),
  ]
  t.same(
    optimizeSoftware(catalog, given).map(({ name, role, description }) => [name, role, description]),
    [
      [`${needed}.pie`, 'Pre-requisite', 'Needed'],
      [`${needed}-2.pie`, 'Pre-requisite', 'Needed'],
      [`${newer}.pie`, 'SMU/SP', 'Newer'],
      [`${needs}.pie`, 'SMU/SP', 'Needs'],
      ['asr9k-mini-px.pie-5.3.3', 'Package', ''],
      ['junk.txt', 'Unrecognized', ''],
      [px('CSCzz99999.pie'), 'Unrecognized', ''],
    ],
  )
  t.same(
    optimizeSoftware(undefined, given).map(({ role }) => role),
    given.map(() => 'Unrecognized'),
  )
  t.same(
    optimizeSoftware(catalogOf(smu(old)), [`${old}.pie`]).map(({ name }) => name),
    [`${old}.pie`],
    'an entry without files is called as it was called',
  )
})

t.test('packages of a multi-package fix all stand for it', async (t) => {
  const packages = [
    'ncs5500-os-support-2.0.0.1-r601.CSCuz13026.x86_64.rpm',
    'ncs5500-k9sec-2.0.0.1-r601.CSCuz13026.x86_64.rpm',
  ]
  const catalog = catalogOf(smu('ncs5500-6.0.1.CSCuz13026', { packageNames: packages }))
  for (const given of [
    'ncs5500-6.0.1.CSCuz13026',
    packages[1] ?? '',
    'ncs5500-k9sec-2.0.0.1-r601.CSCuz13026',
    'ncs5500-os-support-2.0.0.1-r601.CSCuz13026',
  ]) {
    t.same(
      optimizeSoftware(catalog, [given]).map(({ name }) => name),
      packages,
      given,
    )
  }
})

t.test('an entry knows the ids of those it names', async (t) => {
  const catalog = catalogOf(
    smu('A', { id: 'AA1', prerequisites: ['B', '?'], supersedes: ['?', 'B'] }),
    smu('B', { id: 'AA2' }),
    entry({ kind: 'tar', name: 'T', id: 'AA1' }),
  )
  const found = catalog.byName('A')
  t.match(found && toDetail(found, catalog), {
    prerequisites: 'B,?',
    prerequisitesIds: 'AA2,Unknown',
    supersedesIds: 'Unknown,AA2',
    supersededByIds: '',
  })
  t.equal(catalog.byId('AA1')?.name, 'A', 'SMUs go before bundles')
})

t.test(
  'of equal names and ids those of SMUs go first, then in transit, service packs, bundles',
  async (t) => {
    const kinds = ['tar', 'sp', 'in-transit', 'smu'] as const
    const all = kinds.map((kind) => entry({ kind, name: 'SAME', id: 'AA1' }))
    for (const [index, kind] of kinds.entries()) {
      const catalog = catalogOf(...all.slice(0, index + 1))
      t.equal(catalog.byName('SAME')?.kind, kind, `${kind} by name`)
      t.equal(catalog.byId('AA1')?.kind, kind, `${kind} by id`)
    }
  },
)

t.test('platforms and releases are found as they are called on hosts', async (t) => {
  t.same(['ASR9K', 'ASR9K-X64', 'ASR9K-64', 'CRS', 'NCS5500', 'asr9k_px', 'asr9k'].map(platformAskedFor), [
    ...['asr9k_px', 'asr9k_x64', 'asr9k_x64', 'crs_px', 'ncs5500', 'asr9k_px', 'asr9k'],
  ])
  t.same(['NCS4K', 'NCS5K', 'NCS540', 'NCS6K'].map(platformAskedFor), ['ncs4k', 'ncs5k', 'ncs540', 'ncs6k'])
  t.same(['6.1.0.06I', '5.3.3', '5.3', 'x'].map(releaseAskedFor), ['6.1.0', '5.3.3', '5.3', 'x'])
  t.same(['5.3.3', '6.0.0', '5.10.1', '5.9.9', '5.3.10'].sort(newestFirst), [
    ...['6.0.0', '5.10.1', '5.9.9', '5.3.10', '5.3.3'],
  ])
})
