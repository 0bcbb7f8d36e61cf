// `npm test`: everything a change must pass, in the order in which it is cheapest to fail.
// Plain JavaScript, because it also runs in a fresh clone. Last line: `N passed, N failed`.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { prepare } from '../../deploy/standalone/prepare.mjs'
import { startTestDatabase } from './test-database.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
const files = process.argv.slice(2)
const testFolders = ['packages/*/test', 'services/*/test', 'deploy/*/test', 'test']

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
    'test',
  ])
  await check('unused code and packages', 'knip', ['--no-progress'])
}

await run('tap', ['build'])
const database = await startTestDatabase()
const tests = { passed: 0, failed: 0, broken: false }
const leftOut = []
try {
  await runFiles(files.length > 0 ? files : await testFiles(testFolders), {})
  if (files.length === 0) await runClusterJourneys()
} finally {
  await database.stop()
}

const failed = checksFailed + tests.failed
// A run that broke without a failed assertion (a crash, no test at all) is a failure too.
const unexplained = failed === 0 && (tests.broken || tests.passed === 0) ? 1 : 0
for (const line of leftOut) console.log(line)
console.log(`${checksPassed + tests.passed} passed, ${failed + unexplained} failed`)
process.exit(failed + unexplained === 0 ? 0 : 1)

async function runFiles(selected, env) {
  // Late, like everything that is not there before prepare() in a fresh clone.
  const { runTap } = await import('./tap-run.mjs')
  const all = { SLIPWAY_TEST_DATABASE_URL: database.url, ...env }
  const result = await runTap({ root, files: selected, env: all, print: (line) => console.log(line) })
  tests.passed += result.passed
  tests.failed += result.failed
  tests.broken ||= result.code !== 0
}

/** Journeys, conformance and clients once more, every service its own process. One file at a time: each starts a dozen processes. */
async function runClusterJourneys() {
  const { findNatsServer } = await import('../../packages/test-kit/dist/index.js')
  if (findNatsServer() !== undefined) {
    console.log('journeys, conformance and clients again, in the cluster shape')
    return runFiles(
      ['--jobs=1', ...(await testFiles(['test/journeys', 'test/conformance', 'test/clients']))],
      { SLIPWAY_SHAPE: 'cluster' },
    )
  }
  leftOut.push(
    'left out: journeys, conformance and clients in the cluster shape; they need nats-server (apt-get install nats-server)',
  )
  // On CI nothing is left out.
  tests.broken ||= Boolean(process.env.CI)
}

async function testFiles(folders) {
  const { globSync } = await import('tinyglobby')
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
