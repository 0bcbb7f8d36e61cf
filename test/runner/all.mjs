// `npm test`: everything a change must pass, checks before tests.
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
  // The types of tests take as long as all others together.
  await Promise.all([
    check('types of tests', 'tsc', ['-p', 'test/tsconfig.json', '--noEmit']),
    checkTheRest(),
  ])
}

await run('tap', ['build'])
// Late, like everything that is not there before prepare() in a fresh clone.
const { findNatsServer } = await import('../../packages/test-kit/dist/index.js')
const { everything, workOf } = await import('./work-list.mjs')
const { runAll } = await import('./run-all.mjs')
const cluster = findNatsServer() !== undefined
const shape = process.env.SLIPWAY_SHAPE === 'cluster' ? 'cluster' : 'standalone'
const work = files.length > 0 ? files.map((file) => workOf(root, file, shape)) : everything({ root, cluster })
const database = await startTestDatabase()
let tests = { passed: 0, failed: 0, ok: false }
try {
  const env = { SLIPWAY_TEST_DATABASE_URL: database.url }
  tests = await runAll({ root, work, env, print: (line) => console.log(line) })
} finally {
  await database.stop()
}

if (!cluster && files.length === 0) {
  console.log(
    'left out: journeys, conformance and clients in the cluster shape; they need nats-server (apt-get install nats-server)',
  )
  // On CI nothing is left out.
  tests.ok &&= !process.env.CI
}
const failed = checksFailed + tests.failed
// A run that broke without a failed assertion (a crash, no test at all) is a failure too.
const unexplained = failed === 0 && (!tests.ok || tests.passed === 0) ? 1 : 0
console.log(`${checksPassed + tests.passed} passed, ${failed + unexplained} failed`)
process.exit(failed + unexplained === 0 ? 0 : 1)

async function checkTheRest() {
  const checked = ['services', 'packages', 'deploy', 'test']
  await check('lint', 'biome', ['check', '.', '--error-on-warnings'])
  await check('boundaries', 'depcruise', ['--config', '.dependency-cruiser.cjs', ...checked])
  await check('unused code and packages', 'knip', ['--no-progress'])
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
