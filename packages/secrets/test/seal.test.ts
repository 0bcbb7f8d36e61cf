import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import fc from 'fast-check'
import t from 'tap'
import {
  createKeyring,
  createSealer,
  createSignatures,
  hasSecretsCode,
  loadOrCreateMasterKey,
} from '../src/index.ts'
import { createOpener } from '../src/open.ts'

const key = (fill: number): string => Buffer.alloc(32, fill).toString('base64')
const place = { table: 'hosts', row: 17, field: 'password' }
const one = createKeyring(`k1:${key(1)}`)
const two = createKeyring(`k2:${key(2)},k1:${key(1)}`)

const anyPlace = fc.record({ table: fc.string(), row: fc.oneof(fc.string(), fc.nat()), field: fc.string() })
/** Text without lone surrogates, which UTF-8 cannot carry. */
const anyText = fc.string({ unit: 'binary' })

t.test('what is sealed opens at its place, and only there', (t) => {
  fc.assert(
    fc.property(anyText, anyPlace, anyPlace, (text, here, there) => {
      const sealed = createSealer(one).seal(text, here)
      const opener = createOpener(one)
      if (opener.open(sealed, here) !== text) return false
      const same =
        JSON.stringify(Object.values(here).map(String)) === JSON.stringify(Object.values(there).map(String))
      return same || refuses(() => opener.open(sealed, there), 'SECRETS_REFUSED')
    }),
  )
  t.end()
})

function refuses(action: () => unknown, ...codes: string[]): boolean {
  try {
    action()
    return false
  } catch (error) {
    return error instanceof Error && 'code' in error && codes.includes(String(error.code))
  }
}

t.test('places that read alike when written one after the other are different', (t) => {
  const sealed = createSealer(one).seal('x', { table: 'a', row: 'b', field: 'c' })
  for (const other of [
    { table: 'ab', row: '', field: 'c' },
    { table: 'a","b', row: '', field: 'c' },
  ]) {
    t.throws(() => createOpener(one).open(sealed, other), { code: 'SECRETS_REFUSED' })
  }
  t.end()
})

t.test('the form carries version and key id, and is never the same twice', (t) => {
  const sealer = createSealer(two)
  const [a, b] = [sealer.seal('secret', place), sealer.seal('secret', place)]
  t.match(a, /^s1\.k2\.[A-Za-z0-9_-]{16}\.[A-Za-z0-9_-]+$/)
  t.not(a, b)
  t.notMatch(a, /secret/)
  t.end()
})

t.test('no character can be changed, added or taken away', (t) => {
  const opener = createOpener(two)
  const sealed = createSealer(two).seal('secret', place)
  fc.assert(
    fc.property(
      fc.nat(sealed.length - 1),
      fc.constantFrom(...'.kK1-_ =\n'),
      fc.nat(2),
      (at, character, way) => {
        const rest = sealed.slice(way === 1 ? at : at + 1)
        const altered = sealed.slice(0, at) + (way === 2 ? '' : character) + rest
        if (altered === sealed) return true
        return refuses(
          () => opener.open(altered, place),
          'SECRETS_REFUSED',
          'SECRETS_MALFORMED',
          'SECRETS_KEY_UNKNOWN',
        )
      },
    ),
    { numRuns: 500 },
  )
  for (const text of ['', 's1', 's1.k1..', 's2.k1.AAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAA', 'secret']) {
    t.throws(() => opener.open(text, place), { code: 'SECRETS_MALFORMED' })
  }
  t.end()
})

t.test('another key under the same id does not open it, an unknown id is named', (t) => {
  const sealed = createSealer(one).seal('secret', place)
  const other = createOpener(createKeyring(`k1:${key(9)}`))
  t.throws(() => other.open(sealed, place), { code: 'SECRETS_REFUSED' })
  const without = createOpener(createKeyring(`k2:${key(2)}`))
  t.throws(() => without.open(sealed, place), { code: 'SECRETS_KEY_UNKNOWN', message: /'k1'/ })
  t.end()
})

t.test('a new key in front seals; what the old one sealed opens until it is sealed again', (t) => {
  const old = createSealer(one).seal('secret', place)
  const sealer = createSealer(two)
  t.equal(createOpener(two).open(old, place), 'secret')
  t.equal(sealer.needsRekey(old), true)
  const renewed = sealer.rekey(old, place)
  t.match(renewed, /^s1\.k2\./)
  t.equal(sealer.needsRekey(renewed), false)
  t.equal(sealer.rekey(renewed, place), renewed)
  t.equal(createOpener(createKeyring(`k2:${key(2)}`)).open(renewed, place), 'secret')
  t.throws(() => sealer.rekey(old, { ...place, row: 18 }), { code: 'SECRETS_REFUSED' })
  t.end()
})

t.test('refuses keys that are none, and never shows them', (t) => {
  const short = Buffer.alloc(16, 7).toString('base64')
  const cases = [
    ['', 'SECRETS_KEYRING_EMPTY'],
    [' , ', 'SECRETS_KEYRING_EMPTY'],
    [key(1), 'SECRETS_KEY_MALFORMED'],
    [`k 1:${key(1)}`, 'SECRETS_KEY_MALFORMED'],
    [`k1:${short}`, 'SECRETS_KEY_LENGTH'],
    [`k1:${key(1)},k1:${key(2)}`, 'SECRETS_KEY_DUPLICATE'],
  ]
  for (const [text = '', code] of cases) {
    try {
      createKeyring(text)
      t.fail(`accepted ${code}`)
    } catch (error) {
      t.match(error, { code })
      t.notOk(String(error).includes(short) || String(error).includes(key(1)))
    }
  }
  t.end()
})

t.test('a keyring shows only ids, however it is printed', (t) => {
  t.same(two.keyIds, ['k2', 'k1'])
  t.equal(two.sealingKeyId, 'k2')
  for (const shown of [
    JSON.stringify(two),
    inspect(two, { depth: 9, showHidden: true }),
    inspect(createSealer(two)),
  ]) {
    t.notMatch(shown, /AQEBAQ|AgICAg|0101|0202/)
  }
  t.end()
})

t.test('errors name the place and never the secret', (t) => {
  const sealed = createSealer(one).seal('lab-password', place)
  try {
    createOpener(one).open(sealed, { ...place, row: 18 })
  } catch (error) {
    t.ok(hasSecretsCode(error, 'SECRETS_REFUSED'))
    t.match(String(error), /hosts\.password of row 18/)
    t.notOk(inspect(error, { depth: 9 }).includes(sealed))
    t.notMatch(inspect(error, { depth: 9 }), /lab-password/)
  }
  t.end()
})

t.test('the master key file', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'slipway-test-'))
  t.teardown(() => rm(directory, { recursive: true, force: true }))
  const path = join(directory, 'data', 'master.key')

  await t.test('is made once, for its owner alone, also by several at once', async (t) => {
    const made = await Promise.all([1, 2, 3, 4].map(() => loadOrCreateMasterKey(join(directory, 'data'))))
    t.equal(new Set(made).size, 1)
    t.equal((await stat(path)).mode & 0o777, 0o600)
    t.same(await readdir(join(directory, 'data')), ['master.key'])
    t.equal(createKeyring(made[0] ?? '').sealingKeyId, 'k1')
    t.equal(await loadOrCreateMasterKey(join(directory, 'data')), made[0])
  })

  await t.test('gets its mode back', async (t) => {
    await chmod(path, 0o644)
    await loadOrCreateMasterKey(join(directory, 'data'))
    t.equal((await stat(path)).mode & 0o777, 0o600)
  })

  await t.test('may hold several keys', async (t) => {
    await writeFile(path, `k2:${key(2)},k1:${key(1)}\n`)
    t.equal(await loadOrCreateMasterKey(join(directory, 'data')), `k2:${key(2)},k1:${key(1)}`)
  })

  await t.test('is never replaced when it is damaged', async (t) => {
    for (const content of ['', 'k1:AAAA', 'nonsense']) {
      await writeFile(path, content)
      await t.rejects(loadOrCreateMasterKey(join(directory, 'data')), { code: 'SECRETS_KEY_FILE' })
      t.equal(await readFile(path, 'utf8'), content)
    }
  })
})

t.test('a signature counts for its text, its purpose and its keys only', (t) => {
  const signatures = createSignatures(one, 'purpose')
  const signature = signatures.sign('text')
  t.ok(signatures.verify('text', signature))
  t.ok(createSignatures(two, 'purpose').verify('text', signature), 'an old key still verifies')
  t.not(createSignatures(two, 'purpose').sign('text'), signature, 'the first key signs')
  t.notOk(createSignatures(one, 'another').verify('text', signature))
  for (const [text, wrong] of [
    ['texT', signature],
    ['text', ''],
    ['text', signature.slice(1)],
  ] as const) {
    t.notOk(signatures.verify(text, wrong))
  }
  t.end()
})
