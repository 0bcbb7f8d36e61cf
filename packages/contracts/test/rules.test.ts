import fc from 'fast-check'
import t from 'tap'
import {
  actionsWithPackages,
  chainPosition,
  installActions,
  installChain,
  isAllowed,
  isInstallAction,
  isValidName,
  normalizeName,
  type Permission,
  type Privilege,
  permissions,
  privileges,
  usernameKey,
} from '../src/index.ts'

/** Who may do what, written out: a change of the table has to be made twice. */
const table: Record<Permission, Record<Privilege, boolean>> = {
  'inventory.manage': { Admin: true, 'Network Admin': true, Operator: false, Viewer: false },
  'catalog.import': { Admin: true, 'Network Admin': true, Operator: false, Viewer: false },
  'distribution.publish': { Admin: true, 'Network Admin': true, Operator: false, Viewer: false },
  'dispatch.manage': { Admin: true, 'Network Admin': true, Operator: false, Viewer: false },
  'install.manage': { Admin: true, 'Network Admin': true, Operator: true, Viewer: false },
  read: { Admin: true, 'Network Admin': true, Operator: true, Viewer: true },
  'user.manage': { Admin: true, 'Network Admin': false, Operator: false, Viewer: false },
}

t.test('each privilege has exactly its permissions', async (t) => {
  t.same(Object.keys(table).sort(), Object.keys(permissions).sort())
  for (const permission of Object.keys(table) as Permission[]) {
    for (const privilege of privileges) {
      t.equal(isAllowed(privilege, permission), table[permission][privilege], `${privilege}: ${permission}`)
    }
  }
})

t.test('a privilege that does not exist has no permission', async (t) => {
  for (const permission of Object.keys(table) as Permission[]) {
    for (const privilege of ['', 'admin', 'Root', 'toString']) {
      t.notOk(isAllowed(privilege as Privilege, permission))
    }
  }
})

t.test('names are trimmed and runs of blanks are one', async (t) => {
  t.equal(normalizeName('  My   Host 1 '), 'My Host 1')
  t.equal(normalizeName('a\tb'), 'a\tb', 'a tab inside is no blank')
  t.equal(normalizeName('   '), '')
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('a', ' ', 'B', '.', '\t', 'é') }), (raw) => {
      const name = normalizeName(raw)
      return normalizeName(name) === name && name.trim() === name && !name.includes('  ')
    }),
  )
})

const letters = [...'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789']
const allowed = new Set([...letters, ...' ().-_:+@/'])

t.test('a name holds only the allowed characters', async (t) => {
  for (const name of ['R1', 'asr9k (lab)', 'a/b', 'user@host:22', '...', '.a', '2001:db8::1', 'v1.2_x-y+z']) {
    t.ok(isValidName(name), name)
  }
  for (const name of [
    '',
    '.',
    '..',
    'a\n',
    'a\tb',
    'é',
    'a,b',
    "a'b",
    'a"b',
    'a\\b',
    'a*',
    '\u0000',
    'Ａ',
    'a\u00a0b',
  ]) {
    t.notOk(isValidName(name), JSON.stringify(name))
  }
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 5 }), (name) => {
      const expected = [...name].every((character) => allowed.has(character)) && name !== '.' && name !== '..'
      return isValidName(name) === expected
    }),
  )
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...allowed), minLength: 3, maxLength: 100 }), isValidName),
  )
})

t.test('the chain orders the five actions of an upgrade', async (t) => {
  t.same(installChain, ['Pre-Upgrade', 'Add', 'Activate', 'Post-Upgrade', 'Commit'])
  t.same(installChain.map(chainPosition), [0, 1, 2, 3, 4])
  t.equal(chainPosition('Remove'), -1)
  t.equal(chainPosition('Deactivate'), -1)
  t.same(actionsWithPackages, ['Add', 'Activate', 'Remove', 'Deactivate'])
})

t.test('an action is known by its exact name', async (t) => {
  for (const action of installActions) t.ok(isInstallAction(action))
  for (const value of [
    'add',
    'ADD',
    ' Add',
    'PreUpgrade',
    '',
    undefined,
    null,
    1,
    ['Add'],
    { toString: () => 'Add' },
  ]) {
    t.notOk(isInstallAction(value))
  }
})

t.test('names of users compare without case; some can be nobody', async (t) => {
  t.equal(usernameKey('Root'), 'root')
  t.equal(usernameKey('JOSÉ'), usernameKey('jose\u0301'))
  t.equal(usernameKey('x'.repeat(50))?.length, 50)
  for (const bad of ['', 'a:b', 'a\nb', 'a\0', '\ud800', 'x'.repeat(51), ' a', 'a ', 'eyJhIjo.e30.c2ln']) {
    t.equal(usernameKey(bad), undefined)
  }
})
