// The boundary rules hold, the cruiser sees the whole tree, and three planted violations are found.
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'

const root = fileURLToPath(new URL('../..', import.meta.url))
const config = join(root, '.dependency-cruiser.cjs')

interface CruiseResult {
  summary: { violations: { rule: { name: string }; from: string; to: string }[]; totalCruised: number }
  modules: { source: string }[]
}

function cruise(cwd: string, folders: string[]): CruiseResult {
  const cruiser = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs')
  const args = [cruiser, '--config', config, '--output-type', 'json', ...folders]
  try {
    return JSON.parse(execFileSync(process.execPath, args, { cwd, maxBuffer: 1 << 28 }).toString())
  } catch (error) {
    // The cruiser's exit code is the number of errors; its report still stands on stdout.
    const { stdout } = error as { stdout: Buffer }
    return JSON.parse(stdout.toString())
  }
}

function sourceFiles(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    if (['node_modules', 'dist', '.turbo', '.tap'].includes(entry.name)) return []
    const path = `${folder}/${entry.name}`
    if (entry.isDirectory()) return sourceFiles(path)
    return entry.name.endsWith('.ts') ? [path] : []
  })
}

/** A tree of two services, `alpha` breaking into `beta` in the way that `statement` says. */
function plant(t: Test, statement: string): string {
  const dir = t.testdir({})
  const files = {
    'tsconfig.base.json': '{ "compilerOptions": { "module": "NodeNext", "moduleResolution": "NodeNext" } }',
    'services/alpha/package.json':
      '{ "name": "@slipway/alpha", "type": "module", "dependencies": { "@slipway/beta": "*" } }',
    'services/alpha/src/index.ts': statement,
    'services/beta/package.json':
      '{ "name": "@slipway/beta", "type": "module", "exports": { ".": { "slipway-source": "./src/index.ts" } } }',
    'services/beta/src/index.ts': 'export const beta = 1\n',
    'services/beta/src/hidden.ts': 'export const hidden = 1\n',
  }
  for (const [file, content] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, file)), { recursive: true })
    writeFileSync(join(dir, file), content)
  }
  mkdirSync(join(dir, 'node_modules/@slipway'), { recursive: true })
  symlinkSync('../../services/beta', join(dir, 'node_modules/@slipway/beta'))
  return dir
}

t.test('the tree keeps its boundaries, and the cruiser saw all of it', async (t) => {
  const folders = ['services', 'packages', 'deploy']
  const result = cruise(root, folders)
  t.same(
    result.summary.violations.map((v) => `${v.rule.name}: ${v.from} → ${v.to}`),
    [],
  )
  const seen = new Set(result.modules.map((module) => module.source))
  const missed = folders.flatMap(sourceFiles).filter((file) => !seen.has(file))
  t.same(missed, [], 'every TypeScript file is a module of the cruise')
})

const planted = [
  ['a relative import', "export { beta } from '../../beta/src/index.ts'\n", 'no-service-to-service'],
  ['an import by package name', "export { beta } from '@slipway/beta'\n", 'no-service-to-service'],
  ['a deep import', "export { hidden } from '@slipway/beta/src/hidden.ts'\n", 'not-resolvable'],
] as const

for (const [what, statement, rule] of planted) {
  t.test(`finds ${what} of another service`, async (t) => {
    const { violations } = cruise(plant(t, statement), ['services']).summary
    t.ok(
      violations.some((v) => v.rule.name === rule && v.from === 'services/alpha/src/index.ts'),
      JSON.stringify(violations),
    )
  })
}
