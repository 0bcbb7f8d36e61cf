import fc from 'fast-check'
import t from 'tap'
import { isAddable, isBundle } from '../src/index.ts'
import {
  catalogPlatform,
  catalogRelease,
  createPackageIndex,
  parsePackage,
  resolvePackages,
  samePackage,
} from '../src/packages/index.ts'

/** Names that mean the same package: file, name in the inactive list, name once active. */
const classicRows: [file: string, internal: string][] = [
  ['asr9k-px-5.3.3.CSCuy81837.pie', 'disk0:asr9k-px-5.3.3.CSCuy81837-1.0.0'],
  ['asr9k-mcast-px.pie-5.3.3', 'disk0:asr9k-mcast-px-5.3.3'],
  ['asr9k-mini-px.pie-6.1.3', 'disk0:asr9k-mini-px-6.1.3'],
  ['asr9k-asr9000v-nV-px.pie-6.1.2', 'asr9k-9000v-nV-px-6.1.2'],
  ['asr9k-services-infra-px.pie-6.1.2', 'asr9k-services-infra-6.1.2'],
  ['asr9k-px-4.3.2.sp-2.pie', 'disk0:asr9k-px-4.3.2.sp2-1.0.0'],
  ['asr9k-px-5.3.3.CSCux61372-0.0.5.d.pie', 'disk0:asr9k-px-5.3.3.CSCux61372-0.0.5'],
  ['hfr-mini-px.pie-4.3.2', 'disk0:hfr-mini-px-4.3.2'],
  ['c12k-mini.pie-4.3.2', 'c12k-mini-4.3.2'],
  ['asr9k-px-4.3.2.fp-1.pie', 'disk0:asr9k-px-4.3.2.fp1-1.0.0'],
]

const exrRows: string[][] = [
  ['ncs6k-mcast.pkg-5.2.4', 'ncs6k-mcast-5.2.4'],
  ['ncs6k-5.2.5.CSCuy47880.smu', 'ncs6k-5.2.5.CSCuy47880-1.0.0'],
  ['ncs6k-5.2.5.47I.CSCuy47880-0.0.4.i.smu', 'ncs6k-5.2.5.47I.CSCuy47880-0.0.4.i'],
  ['ncs6k-mini-x.iso-5.2.4', 'ncs6k-mini-x-5.2.4', 'ncs6k-xr-5.2.4'],
  ['ncs5500-mini-x.iso-6.0.1', 'ncs5500-mini-x-6.0.1', 'ncs5500-xr-6.0.1'],
  ['asr9k-mini-x64-6.1.3.iso', 'asr9k-mini-x64-6.1.3', 'asr9k-xr-6.1.3'],
  ['asr9k-full-x64.iso-6.1.1', 'asr9k-full-x64-6.1.1', 'asr9k-xr-6.1.1'],
  ['ncs5500-mgbl-3.0.0.0-r601.x86_64.rpm-6.0.1', 'ncs5500-mgbl-3.0.0.0-r601'],
  ['asr9k-mcast-x64-2.0.0.0-r611.x86_64.rpm', 'asr9k-mcast-x64-2.0.0.0-r611'],
  ['ncs5500-goldenk9-x.iso-6.3.1', 'ncs5500-goldenk9-x-6.3.1', 'ncs5500-xr-6.3.1'],
  ['ncs5500-os-support-2.0.0.1-r601.CSCuz13026.x86_64.rpm', 'ncs5500-os-support-2.0.0.1-r601.CSCuz13026'],
]

t.test('a file, its internal name and its active name are one package', async (t) => {
  for (const row of [...classicRows, ...exrRows]) {
    const [file = '', ...names] = row
    for (const name of names) {
      t.ok(samePackage(file, name), `${file} = ${name}`)
      t.ok(samePackage(name, file), `${name} = ${file}`)
    }
  }
})

t.test('different packages are told apart', async (t) => {
  const files = [...classicRows, ...exrRows].map(([file = '']) => file)
  for (const [i, a] of files.entries())
    for (const b of files.slice(i + 1)) t.notOk(samePackage(a, b), `${a} is not ${b}`)
  t.notOk(
    samePackage('asr9k-px-5.3.3.CSCuy81837-1.0.0', 'asr9k-px-5.3.3.CSCuy81837-1.0.1'),
    'another subversion',
  )
  t.notOk(samePackage('asr9k-mini-px.pie-6.1.3', 'asr9k-mini-x64-6.1.3.iso'), '32 and 64 bit')
  t.notOk(
    samePackage('ncs5500-mini-x.iso-6.0.1', 'ncs5500-sysadmin-6.0.1'),
    'an image is not its sysadmin half',
  )
})

t.test('names are taken apart', async (t) => {
  t.same(parsePackage('disk0:asr9k-px-5.3.3.CSCuy81837-1.0.0'), {
    platform: 'asr9k',
    type: undefined,
    version: '5.3.3',
    smu: 'CSCuy81837',
    servicePack: undefined,
    subversion: '1.0.0',
  })
  t.match(parsePackage('asr9k-asr9000v-nV-px.pie-6.1.2'), { type: '9000v', version: '6.1.2' })
  t.match(parsePackage('asr9k-px-4.3.2.sp-2.pie'), { servicePack: 'sp2' })
  t.match(parsePackage('asr9k-mini-px.pie-6.1.1.16I'), { version: '6.1.1.16I' })
  t.match(parsePackage('asr9k-k9sec-x64-3.1.0.0-r62111I'), {
    type: 'k9sec-x64',
    version: '6.2.1.11I',
    subversion: '3.1.0.0',
  })
  t.match(parsePackage('asr9k-sysadmin-6.2.1.11I'), {
    type: 'sysadmin',
    version: '6.2.1.11I',
    subversion: undefined,
  })
  t.match(parsePackage('ncs5500-mpls-te-rsvp-2.0.0.0-r601'), { type: 'mpls-te-rsvp', version: '6.0.1' })
  t.match(parsePackage('ncs5500-mgbl-3.0.0.0-r63134I.x86_64.rpm'), { version: '6.3.1.34I' })
  t.match(parsePackage('ncs540-isis-1.0.0.0-r6625'), { platform: 'ncs540', version: '6.6.25' })
  t.equal(parsePackage('ASR9K-iosxr-px-k9-5.3.3.tar'), undefined, 'a tar is many packages')
  t.equal(parsePackage('There are no packages'), undefined)
})

t.test('wanted packages are found in the spelling of the router', async (t) => {
  const inactive = [
    'disk0:asr9k-mcast-px-5.3.3',
    'disk0:asr9k-px-5.3.3.CSCuy81837-1.0.0',
    'disk0:asr9k-doc-px-5.3.3',
  ]
  t.same(
    resolvePackages(
      ['asr9k-px-5.3.3.CSCuy81837.pie', 'asr9k-mgbl-px.pie-5.3.3', 'asr9k-mcast-px.pie-5.3.3'],
      inactive,
    ),
    {
      matched: [
        { wanted: 'asr9k-px-5.3.3.CSCuy81837.pie', name: 'disk0:asr9k-px-5.3.3.CSCuy81837-1.0.0' },
        { wanted: 'asr9k-mcast-px.pie-5.3.3', name: 'disk0:asr9k-mcast-px-5.3.3' },
      ],
      missing: ['asr9k-mgbl-px.pie-5.3.3'],
    },
  )
  t.same(
    resolvePackages(['ncs5500-mini-x-6.0.1'], ['ncs5500-xr-6.0.1', 'ncs5500-mini-x-6.0.1']).matched[0]?.name,
    'ncs5500-mini-x-6.0.1',
    'the same spelling goes first',
  )
  t.same(
    resolvePackages(['odd.rpm'], ['odd.rpm']).matched.length,
    1,
    'unreadable names match when spelled alike',
  )
})

t.test('files a router cannot add are told', async (t) => {
  t.ok(isAddable('asr9k-mini-px.pie-6.1.3', 'XR', 'ASR9K'))
  t.notOk(isAddable('asr9k-mini-px-vm-6.1.3.tar', 'XR', 'ASR9K'))
  t.notOk(isAddable('readme.txt', 'XR', 'ASR9K'))
  t.ok(isAddable('ncs5500-mini-x.iso-6.0.1', 'eXR', 'NCS5500'))
  t.notOk(isAddable('ncs5500-5.2.5.CSCuy47880.smu', 'eXR', 'NCS5500'))
  t.ok(isAddable('ncs6k-5.2.5.CSCuy47880.smu', 'eXR', 'NCS6K'))
  t.notOk(isAddable('ncs4k-x.rpm', 'eXR', 'NCS4K'))
  t.ok(isBundle('ASR9K-iosxr-px-k9-5.3.3.tar'))
})

t.test('sameness is reflexive and symmetric, and never throws', async (t) => {
  const piece = fc.constantFrom(
    'asr9k',
    'ncs5500',
    'hfr',
    '-',
    '.',
    'px',
    'mini',
    'mcast',
    'x64',
    'r611',
    '6.1.1',
    'CSCuy81837',
    'iso',
    'pie',
    'sp-2',
    '1.0.0',
    ':',
    '/',
    'disk0',
  )
  const name = fc.oneof(
    fc.string(),
    fc.array(piece, { maxLength: 12 }).map((parts) => parts.join('')),
  )
  t.doesNotThrow(() => {
    fc.assert(
      fc.property(name, name, (a, b) => samePackage(a, a) && samePackage(a, b) === samePackage(b, a)),
      { numRuns: 500 },
    )
    fc.assert(
      fc.property(fc.array(name), fc.array(name), (wanted, available) => {
        const { matched, missing } = resolvePackages(wanted, available)
        return (
          matched.length + missing.length === new Set(wanted).size &&
          matched.every(({ name: found }) => available.includes(found))
        )
      }),
    )
  })
})

t.test('an index finds what comparing with each name would find', async (t) => {
  const name = fc.constantFrom(
    ...[...classicRows, ...exrRows].flat(),
    'odd.rpm',
    'disk0:odd.rpm',
    'asr9k-px-5.3.3.CSCuy81837-1.0.1',
  )
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(name, fc.array(name), (wanted, names) => {
        const bare = (each: string) => each.replace(/^disk0:/, '')
        const expected =
          names.find((each) => bare(each) === bare(wanted)) ?? names.find((each) => samePackage(wanted, each))
        return createPackageIndex(names).find(wanted) === expected
      }),
    ),
  )
})

t.test('a name tells the catalog it belongs to', async (t) => {
  const rows: [name: string, platform: string | undefined, release: string | undefined][] = [
    ['asr9k-px-5.3.3.CSCuz05961.pie', 'asr9k_px', '5.3.3'],
    ['disk0:asr9k-mcast-px-5.3.3', 'asr9k_px', '5.3.3'],
    ['asr9k-mcast-px.pie-6.1.1', 'asr9k_px', '6.1.1'],
    ['ASR9K-iosxr-px-k9-5.3.3.tar', 'asr9k_px', '5.3.3'],
    ['asr9k-mgbl-x64-3.0.0.0-r612.x86_64.rpm', 'asr9k_x64', '6.1.2'],
    ['asr9k-mini-x64-6.2.1.iso', 'asr9k_x64', '6.2.1'],
    ['ASR9K-x64-iosxr-px-6.2.2.tar', 'asr9k_x64', '6.2.2'],
    ['iosxr-os-asr9k-64-5.0.0.1-r613.CSCvc01618.x86_64.rpm', 'asr9k_x64', '6.1.3'],
    ['asr9k-sysadmin-6.2.1', 'asr9k_x64_sysadmin', '6.2.1'],
    ['asr9k-xr-6.2.1', 'asr9k_x64_sysadmin', '6.2.1'],
    ['hfr-mini-px.pie-4.3.2', 'crs_px', '4.3.2'],
    ['CRS-iosxr-px-6.1.2.tar', 'crs_px', '6.1.2'],
    ['c12k-mini.pie-4.3.2', 'xr12000', '4.3.2'],
    ['ncs6k-sysadmin.iso-5.2.4', 'ncs6k_sysadmin', '5.2.4'],
    ['ncs5500-xr-6.0.1', 'ncs5500_sysadmin', '6.0.1'],
    ['ncs5500-mgbl-3.0.0.0-r613.x86_64.rpm', 'ncs5500', '6.1.3'],
    ['ncs540-isis-1.0.0.0-r6625', 'ncs540', '6.6.25'],
    ['ncs5k-mgbl-3.0.0.0-r62111I', 'ncs5k', '6.2.1'],
    ['NCS5000-iosxr-k9-6.1.3.tar', 'ncs5k', '6.1.3'],
    ['NCS6000-iosxr-6.0.1.tar', 'ncs6k', '6.0.1'],
    ['XRV9000-6.1.1', 'xrv9k', '6.1.1'],
    ['ncs1001-mgbl-3.0.0.0-r651', 'ncs1001', '6.5.1'],
    ['asr9k-mini-px.pie-6.1.1.16I', 'asr9k_px', '6.1.1'],
    ['readme.txt', undefined, undefined],
    ['Asr9K-PX-5.3.3', undefined, '5.3.3'],
  ]
  for (const [name, platform, release] of rows) {
    t.same([catalogPlatform(name), catalogRelease(name)], [platform, release], name)
  }
})
