// The rules of the catalog, without any I/O: superseding, prerequisites, the optimal list, a list put right, names.
import fc from 'fast-check'
import t from 'tap'
import { optimalSoftware, postedSince } from '../src/software/optimal.ts'
import { optimizeSoftware } from '../src/software/optimized.ts'
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

t.test('platforms and releases are found as they are called on hosts', async (t) => {
  t.same(['ASR9K', 'ASR9K-X64', 'ASR9K-64', 'CRS', 'NCS5500', 'asr9k_px', 'asr9k'].map(platformAskedFor), [
    ...['asr9k_px', 'asr9k_x64', 'asr9k_x64', 'crs_px', 'ncs5500', 'asr9k_px', 'asr9k'],
  ])
  t.same(['6.1.0.06I', '5.3.3', '5.3', 'x'].map(releaseAskedFor), ['6.1.0', '5.3.3', '5.3', 'x'])
  t.same(['5.3.3', '6.0.0', '5.10.1', '5.9.9', '5.3.10'].sort(newestFirst), [
    ...['6.0.0', '5.10.1', '5.9.9', '5.3.10', '5.3.3'],
  ])
})
