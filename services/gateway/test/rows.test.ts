import { isSlipwayError } from '@slipway/contracts'
import { parseAuthorization, routableUrl } from '@slipway/service-kit'
import fc from 'fast-check'
import t from 'tap'
import { parseProfile } from '../src/command-profiles/command-profile-rows.ts'
import { parseHost } from '../src/hosts/host-rows.ts'
import { parseJsonBody } from '../src/http/json-body.ts'
import { readQuery } from '../src/http/query.ts'
import { localTime, parseLocalTime, parseUtcOffset, rfc1123 } from '../src/http/time-text.ts'
import { createMethodTable } from '../src/http/url.ts'
import { mentionedNames } from '../src/install/install-names.ts'
import { readDraft } from '../src/install/install-rows.ts'
import { parseJumpHost } from '../src/jump-hosts/jump-host-rows.ts'
import { parseRegion } from '../src/regions/region-rows.ts'
import { mapInTurns } from '../src/rows/in-turns.ts'
import { parseRepository } from '../src/server-repositories/server-repository-rows.ts'

const codeOf = (run: () => unknown): string => {
  try {
    run()
    return 'none'
  } catch (error) {
    return isSlipwayError(error) ? error.code : String(error)
  }
}
const two = (value: number) => String(value).padStart(2, '0')

t.test(
  'offsets from -14:00 to +14:00 are read, the sign governs the minutes, all else is none',
  async (t) => {
    fc.assert(
      fc.property(fc.integer({ min: -840, max: 840 }), (minutes) => {
        const size = Math.abs(minutes)
        const sign = minutes < 0 ? '-' : '+'
        return parseUtcOffset(`${sign}${two(Math.floor(size / 60))}:${two(size % 60)}`) === minutes
      }),
    )
    t.equal(parseUtcOffset('-03:30'), -210)
    t.equal(parseUtcOffset('-00:00'), 0)
    for (const bad of [
      '',
      '7',
      '+7:00',
      '+07:0',
      '+0700',
      '07:00',
      ' 07:00',
      '+07:60',
      '+14:01',
      '-14:01',
      '+99:00',
      '+07:00\n',
      '+٠٧:00',
      '+07:00 ',
    ]) {
      t.equal(parseUtcOffset(bad), undefined, JSON.stringify(bad))
    }
  },
)

t.test('local times are read back as they are written, in any offset', async (t) => {
  const minute = fc.date({ min: new Date('0002-01-01'), max: new Date('9998-12-31'), noInvalidDate: true })
  fc.assert(
    fc.property(minute, fc.integer({ min: -840, max: 840 }), (date, offset) => {
      date.setUTCSeconds(0, 0)
      return parseLocalTime(localTime(date.toISOString(), offset), offset) === date.toISOString()
    }),
  )
  t.equal(parseLocalTime('06-15-2016 03:15 PM', -420), '2016-06-15T22:15:00.000Z')
  t.equal(parseLocalTime('6-5-2016 3:05 pm', 0), '2016-06-05T15:05:00.000Z')
  t.equal(parseLocalTime('01-01-2016 12:00 AM', 0), '2016-01-01T00:00:00.000Z')
  t.equal(parseLocalTime('01-01-2016 12:30 PM', 0), '2016-01-01T12:30:00.000Z')
  t.equal(localTime('2016-06-01T00:05:00.000Z', 0), '06-01-2016 12:05 AM')
  t.equal(rfc1123('2016-06-01T15:15:00.000Z'), 'Wed, 01 Jun 2016 15:15:00 GMT')
  t.equal(rfc1123(undefined), '')
  t.equal(localTime(undefined, 60), '')
})

t.test('only dates of the calendar and hours of the clock are times', async (t) => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 9999 }),
      fc.integer({ min: 0, max: 13 }),
      fc.integer({ min: 0, max: 32 }),
      (year, month, day) => {
        const date = new Date(0)
        date.setUTCFullYear(year, month - 1, day)
        const exists = date.getUTCMonth() === month - 1 && date.getUTCDate() === day
        const text = `${two(month)}-${two(day)}-${String(year).padStart(4, '0')} 01:00 PM`
        return (parseLocalTime(text, 0) !== undefined) === exists
      },
    ),
  )
  const bad = [
    '02-30-2016 01:00 PM',
    '02-29-2015 01:00 PM',
    '02-29-1900 01:00 PM',
    '06-15-2016 00:15 PM',
    '06-15-2016 13:15 PM',
  ]
  bad.push(
    '06-15-2016 3:15',
    '06-15-2016 03:60 PM',
    '06-15-16 03:15 PM',
    '06/15/2016 03:15 PM',
    '06-15-2016  03:15 PM',
  )
  bad.push(
    '06-15-2016 03:15PM',
    '06-15-2016 03:15 Pm',
    ' 06-15-2016 03:15 PM',
    '06-15-2016 03:15 PM\n',
    '01-01-0000 01:00 PM',
    '٠6-15-2016 03:15 PM',
  )
  for (const text of bad) t.equal(parseLocalTime(text, 0), undefined, JSON.stringify(text))
  t.equal(parseLocalTime('12-31-9999 11:59 PM', -840), undefined)
  t.equal(parseLocalTime('01-01-0001 12:00 AM', 840), undefined)
})

t.test('whatever a row holds, it is read or refused with a code', async () => {
  const keys = [
    'hostname',
    'region',
    'region_name',
    'profile_name',
    'ts_or_ip',
    'password',
    'port_number',
    'install_action',
    '__proto__',
  ]
  const value = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.string({ unit: 'binary' }),
    fc.constantFrom('Add', 'R1', '', ' '),
  )
  const row = fc.dictionary(fc.oneof(fc.constantFrom(...keys), fc.string()), value)
  const parsers = [parseHost, parseRegion, parseJumpHost, parseRepository, parseProfile, readDraft]
  fc.assert(
    fc.property(row, fc.constantFrom(...parsers), (given, parse) => {
      const code = codeOf(() => parse(given))
      return code === 'none' || /^(ROW|INVENTORY|SCHEDULER)_/.test(code)
    }),
    { numRuns: 500 },
  )
})

t.test('names are trimmed and their blanks collapsed, lengths count characters', async (t) => {
  t.same(parseRegion({ region_name: '  SJ   Labs ' }), { name: 'SJ Labs' })
  t.same(parseRegion({ region_name: 'x', server_repositories: 'a, b ,,' }), {
    name: 'x',
    serverRepositories: ['a', 'b'],
  })
  t.same(parseRegion({ region_name: 'x', server_repositories: [] }), { name: 'x', serverRepositories: [] })
  t.same(parseRegion({ region_name: 'x', server_repositories: '' }), { name: 'x', serverRepositories: [] })
  t.equal(
    codeOf(() => parseRegion({ region_name: 'a'.repeat(101) })),
    'ROW_TOO_LONG',
  )
  t.equal(
    codeOf(() => parseRegion({ region_name: 'x', server_repositories: ['a;b'] })),
    'ROW_INVALID_CHARACTERS',
  )
  t.equal(
    codeOf(() => parseRegion({ region_name: 'tab\t' })),
    'ROW_CONTROL_CHARACTERS',
  )
  t.equal(
    codeOf(() => parseRegion({ region_name: 'ｆull' })),
    'ROW_INVALID_CHARACTERS',
  )
  const emoji = '🚢'.repeat(100)
  t.equal(parseHost({ hostname: 'R1', password: emoji }).password, emoji)
  t.equal(
    codeOf(() => parseHost({ hostname: 'R1', password: `${emoji}🚢` })),
    'ROW_TOO_LONG',
  )
  t.same(parseHost({ hostname: 'R1', username: '' }), { hostname: 'R1', username: null })
  t.equal(
    codeOf(() => parseHost({ hostname: 'R1', connection_type: '' })),
    'ROW_KEY_MISSING',
  )
  t.same(parseProfile({ profile_name: 'P', command_list: ['show a, b', ' '] }), {
    name: 'P',
    commands: ['show a, b'],
  })
  t.equal(
    codeOf(() => parseProfile({ profile_name: 'P', command_list: ['a\nreload'] })),
    'ROW_CONTROL_CHARACTERS',
  )
  t.equal(
    codeOf(() => parseProfile({ profile_name: 'P', command_list: ['a'.repeat(501)] })),
    'ROW_TOO_LONG',
  )
  t.equal(
    codeOf(() => parseJumpHost({ hostname: 'j', port_number: true })),
    'ROW_WRONG_TYPE',
  )
})

t.test('JSON is read as JSON.parse reads it, but for members given twice', async (t) => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), fc.constantFrom(undefined, 1, '\t'), (value, indent) => {
      const text = JSON.stringify(value, undefined, indent)
      return JSON.stringify(parseJsonBody(Buffer.from(text))) === JSON.stringify(JSON.parse(text))
    }),
  )
  fc.assert(
    fc.property(fc.string(), (text) => {
      const code = codeOf(() => parseJsonBody(Buffer.from(text)))
      return code === 'none' || code.startsWith('INPUT_')
    }),
  )
  t.same(parseJsonBody(Buffer.from('\ufeff{"a":":\\":{"}')), { a: ':":{' })
  t.equal(
    codeOf(() => parseJsonBody(Buffer.from('{"a":1,"a":1}'))),
    'INPUT_MALFORMED_JSON',
  )
  const secret = codeOf(() => parseJsonBody(Buffer.from('{"password":hunter2}')))
  t.equal(secret, 'INPUT_MALFORMED_JSON')
  t.throws(() => parseJsonBody(Buffer.from('{"password":hunter2}')), { message: /^((?!hunter2).)*$/ })
})

t.test('credentials are read from Basic and Bearer', async (t) => {
  const basic = (pair: string, encoding: BufferEncoding = 'utf8') =>
    `Basic ${Buffer.from(pair, encoding).toString('base64')}`
  fc.assert(
    fc.property(
      fc.stringMatching(/^[a-z.@-]{1,50}$/),
      fc.stringMatching(/^[ -~é🚢]{0,50}$/u),
      (username, password) => {
        const read = parseAuthorization(basic(`${username}:${password}`))
        return read?.kind === 'password' && read.username === username && read.password === password
      },
    ),
  )
  t.match(parseAuthorization(basic('jos\u00e9:p\u00e9', 'latin1')), { username: 'josé', password: 'pé' })
  t.match(parseAuthorization(basic('a.b.c:x')), { kind: 'password', username: 'a.b.c' })
  t.match(parseAuthorization(basic('eyJhbGciOiJub25lIn0.e30.:unused')), { kind: 'token' })
  t.match(parseAuthorization('bearer abc'), { kind: 'token', token: 'abc' })
  t.equal(parseAuthorization('Bearer'), undefined)
})

t.test('a path has the methods of every pattern it fits', async (t) => {
  const table = createMethodTable()
  table.add('/a/:x', ['GET'])
  table.add('/a/b', ['POST'])
  t.same(table.methodsOf('/a/b'), ['GET', 'POST'])
  t.same(table.methodsOf('/a/c'), ['GET'])
  t.same(table.methodsOf('/a/'), [])
  t.equal(routableUrl('/api/v1/hosts?a=%41', ['/api/v1']), '/api/v1/hosts?a=%41')
  t.equal(routableUrl('/api/v1/%', ['/api/v1']), '/api/v1/unroutable')
  t.equal(routableUrl('/%', ['/api/v1']), '/unroutable')
})

t.test('query parameters are the allowed ones, once, not empty', async (t) => {
  t.same(readQuery({ a: '1' }, ['a', 'b']), { a: '1' })
  t.same(
    readQuery({ a: '1', b: ['', ''] }, ['a', 'b'], (name) => name === 'b'),
    { a: '1' },
  )
  t.equal(
    codeOf(() => readQuery({ a: ['1', '1'] }, ['a'])),
    'INPUT_PARAMETER_TWICE',
  )
  t.equal(
    codeOf(() => readQuery({ constructor: '1' }, ['a'])),
    'INPUT_PARAMETER_UNKNOWN',
  )
})

t.test('work over many rows lets others have their turn, and keeps the order', async (t) => {
  let turns = 0
  let watching = true
  const count = () => {
    turns += 1
    if (watching) setImmediate(count)
  }
  setImmediate(count)
  const rows = Array.from({ length: 10_000 }, (_, n) => n)
  t.same(
    await mapInTurns(rows, (n) => n + 1),
    rows.map((n) => n + 1),
  )
  t.ok(turns >= 19, `${turns} turns`)
  watching = false
  await t.rejects(
    mapInTurns(rows, (n) => {
      if (n === 777) throw new Error('the 777th')
    }),
    { message: 'the 777th' },
  )
})

t.test('names of installation rows are found whatever else the rows are', async (t) => {
  const rows = [
    { hostname: ' R  1 ', command_profile: 'before, after', server_repository: 'files' },
    { hostname: 'R 1', command_profile: ['after', 7, null], server_repository: ['more files'] },
    { hostname: 42, command_profile: {}, install_action: 'nothing' },
    { hostname: 'R\u0000', server_repository: '' },
  ]
  t.same(await mentionedNames(rows), {
    hostnames: ['R 1'],
    repositories: ['files', 'more files'],
    profiles: ['before', 'after'],
  })
  const endless = Array.from({ length: 20_000 }, (_, n) => `p${n}`)
  for (const command_profile of [endless, endless.join(',')]) {
    const { profiles } = await mentionedNames([{ command_profile }])
    t.equal(profiles.length, 10_000, 'a list that is refused is not read to its end')
  }
})
