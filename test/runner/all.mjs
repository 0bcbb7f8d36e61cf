// `npm test`: everything a change must pass, in the order in which it is cheapest to fail.
// Plain JavaScript, because it also runs in a fresh clone. Last line: `N passed, N failed`.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { prepare } from '../../deploy/standalone/prepare.mjs'
import { startTestDatabase } from './test-database.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
const files = process.argv.slice(2)

if (files.includes('--help') || files.includes('-h')) {
  console.log('npm test [-- <test files>]   all checks and all tests, or only the named test files')
  process.exit(0)
}

prepare()
let checksPassed = 0
let checksFailed = 0

if (files.length === 0) {
  await check('lint', 'biome', ['check', '.', '--error-on-warnings'])
  await check('types of tests', 'tsc', ['-p', 'test/tsconfig.json', '--noEmit'])
  await check('boundaries', 'depcruise', [
    '--config',
    '.dependency-cruiser.cjs',
    'services',
    'packages',
    'deploy',
  ])
  await check('unused code and packages', 'knip', ['--no-progress'])
}

await run('tap', ['build'])
const database = await startTestDatabase()
let tests = { passed: 0, failed: 0, code: 1 }
try {
  const selected = files.length > 0 ? files : await testFiles()
  const env = { SLIPWAY_TEST_DATABASE_URL: database.url }
  // Late, like everything that is not there before prepare() in a fresh clone.
  const { runTap } = await import('./tap-run.mjs')
  tests = await runTap({ root, files: selected, env, print: (line) => console.log(line) })
} finally {
  await database.stop()
}

const failed = checksFailed + tests.failed
// A run that broke without a failed assertion (a crash, no test at all) is a failure too.
const unexplained = failed === 0 && (tests.code !== 0 || tests.passed === 0) ? 1 : 0
console.log(`${checksPassed + tests.passed} passed, ${failed + unexplained} failed`)
process.exit(failed + unexplained === 0 ? 0 : 1)

async function testFiles() {
  const { globSync } = await import('tinyglobby')
  const folders = ['packages/*/test', 'services/*/test', 'deploy/*/test', 'test']
  const patterns = folders.map((folder) => `${folder}/**/*.test.ts`)
  return globSync(patterns, { cwd: root, ignore: ['**/node_modules/**'] }).sort()
}

async function check(name, command, args) {
  const started = performance.now()
  const code = await run(command, args)
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  console.log(`${code === 0 ? 'ok' : 'NOT OK'}  ${name} (${seconds} s)`)
  if (code === 0) checksPassed += 1
  else checksFailed += 1
}

function run(command, args, env = {}) {
  return new Promise((resolve) => {
    const child = spawn(join(root, 'node_modules', '.bin', command), args, {
      cwd: root,
      stdio: 'inherit',
      env: { ...process.env, ...env },
    })
    child.once('error', (error) => {
      console.error(error.message)
      resolve(1)
    })
    child.once('exit', (code) => resolve(code ?? 1))
  })
}
