// The rules of the repository hold, and each bites: a planted violation is found.
import t from 'tap'
import {
  brokenLinks,
  databaseFolders,
  readmes,
  settingsInReadmes,
  undocumentedMessages,
} from './checks/paper-rules.ts'
import {
  environmentReads,
  focusedTests,
  longFiles,
  outsideReferences,
  postponed,
  secretsOpened,
  subjectLiterals,
} from './checks/source-rules.ts'
import { type Rule, readTree, type TreeFile } from './checks/tree.ts'

interface Case {
  readonly name: string
  readonly rule: Rule
  /** Texts by path that break the rule. */
  readonly planted: Readonly<Record<string, string>>
  readonly found: readonly string[]
}

const service = 'services/alpha/src/thing.ts'
const setting = '## alpha\n\n| variable | type |\n| --- | --- |\n| `ALPHA_SPEED` | integer |\n'
const needsDatabase = '{ "dependencies": { "@slipway/database": "*" } }'
// Written in parts, so that this file is not among the findings.
const later = ['// TO', 'DO later\n// biome-', 'ignore lint: because\n'].join('')
const left = ['t.on', 't.sk', '{on'].map((start, i) => `${start}${['ly(', 'ip(', 'ly: true'][i]}`)
const beside = ['see ..', 'shared/design.md'].join('/')

const cases: readonly Case[] = [
  {
    name: 'subjects are built by contracts only',
    rule: subjectLiterals,
    planted: {
      [service]: "\nask('slipway.rpc.beta.v1.thing.get')",
      'packages/contracts/src/x.ts': 'slipway.rpc.',
    },
    found: [`${service}:2 slipway.rpc.`],
  },
  {
    name: 'the environment is read by entry points only',
    rule: environmentReads,
    planted: {
      [service]: "process.env['A']\nconst { env } = process",
      'packages/service-kit/src/x.ts': 'process.env',
      'packages/database/generate.mjs': 'process.env',
    },
    found: [`${service}:1 process.env`, `${service}:2 env } = process`],
  },
  {
    name: 'only the executor, and auth for its own key, open secrets',
    rule: secretsOpened,
    planted: {
      [service]: "import { createOpener } from '@slipway/secrets/open'",
      'services/auth/src/x.ts': "from '@slipway/secrets/open'",
    },
    found: [`${service}:1 '@slipway/secrets/open'`],
  },
  {
    name: 'source files have at most 400 lines',
    rule: longFiles,
    planted: { [service]: '\n'.repeat(401), 'services/alpha/test/long.test.ts': '\n'.repeat(401) },
    found: [`${service}:401 lines`],
  },
  {
    name: 'nothing is put off, no check is silenced',
    rule: postponed,
    planted: { [service]: later },
    found: [`${service}:1 ${later.slice(3, 7)}`, `${service}:2 ${later.slice(17, 29)}`],
  },
  {
    name: 'all tests run',
    rule: focusedTests,
    planted: { 'services/alpha/test/a.test.ts': `${left.join('x)\n')}\nt.skip('no /proc here')` },
    found: left.map((text, line) => `services/alpha/test/a.test.ts:${line + 1} ${text.slice(1)}`),
  },
  {
    name: 'nothing refers to a folder beside the repository',
    rule: outsideReferences,
    planted: { 'docs/x.md': beside },
    found: [`docs/x.md:1 ${beside.slice(4, 13)}`],
  },
  {
    name: 'every package has a README',
    rule: readmes,
    planted: {
      'services/alpha/package.json': '{}',
      'packages/beta/package.json': '{}',
      'packages/beta/README.md': '',
    },
    found: ['services/alpha/README.md'],
  },
  {
    name: 'a service with a database has its schema and migrations',
    rule: databaseFolders,
    planted: {
      'services/alpha/package.json': needsDatabase,
      'services/beta/package.json': needsDatabase,
      'services/beta/prisma/schema.prisma': '',
      'services/beta/prisma/migrations/1_init/migration.sql': '',
      'services/gamma/package.json': '{}',
    },
    found: ['services/alpha/prisma/schema.prisma', 'services/alpha/prisma/migrations'],
  },
  {
    name: 'every setting stands in the README of its service',
    rule: settingsInReadmes,
    planted: { 'docs/settings.md': setting, 'services/alpha/README.md': '`ALPHA_SPEEDS`' },
    found: ['services/alpha/README.md ALPHA_SPEED'],
  },
  {
    name: 'links lead somewhere',
    rule: brokenLinks,
    planted: {
      'README.md':
        '[a](docs/a.md) [b](docs/b.md) [c](docs/a.md#the-end) [d](docs) [e](https://x.org/) [f](docs/a.md#no)',
      'docs/a.md': '# The end\n[up](../README.md) [gone](README.md)\n```\n[x](y)\n```\n',
    },
    found: ['README.md docs/b.md', 'README.md docs/a.md#no', 'docs/a.md README.md'],
  },
  {
    name: 'every message between services has a meaning',
    rule: undocumentedMessages,
    planted: { 'docs/subjects.md': '| `slipway.evt.a` | a | What. |\n| `slipway.evt.b` | a |       |\n' },
    found: ['`slipway.evt.b` has no comment'],
  },
]

const tree = readTree()

t.test('the rules see the whole repository', async (t) => {
  const paths = new Set(tree.map(({ path }) => path))
  const some = [
    'README.md',
    '.ci/run',
    'package.json',
    'packages/contracts/src/message.ts',
    'services/auth/README.md',
  ]
  t.same(
    some.filter((path) => !paths.has(path)),
    [],
  )
  t.ok(tree.length > 400, `${tree.length} files`)
})

for (const { name, rule, planted, found } of cases) {
  t.test(name, async (t) => {
    t.same(rule(tree), [], 'in the repository')
    const files: TreeFile[] = Object.entries(planted).map(([path, text]) => ({ path, text }))
    t.same(rule(files), found, 'in planted files')
  })
}
