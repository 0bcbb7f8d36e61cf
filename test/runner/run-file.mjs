// Runs one test file as tap would, reads what it says, and tells of it: one line, and details where something failed.
// Not through tap's own command: that runs all files of a run in the same environment, and takes half a second of
// processor time for each.
import { spawn } from 'node:child_process'
import { Parser } from 'tap-parser'

/** A file that hangs longer than its own time limit lets it is told to end, then killed. */
const LIMIT_S = 300
const END_MS = (LIMIT_S + 20) * 1_000
const KILL_MS = END_MS + 20_000

/**
 * @typedef {{passed: number, failed: number, ok: boolean}} FileResult assertions; ok is false after a crash, too
 * @param {{root: string, file: string, shape?: string, env: Record<string, string>, print(line: string): void}} options
 * @returns {Promise<FileResult>}
 */
export function runFile({ root, file, shape, env, print }) {
  const name = shape === 'cluster' ? `${file} in a cluster` : file
  return new Promise((resolve) => {
    const started = performance.now()
    const count = { passed: 0, failed: 0 }
    const parser = new Parser((results) => {
      void exited.then((how) => {
        // A run without a single assertion is none; one that broke without a failed assertion is a failure too.
        const ok = results.ok && how === 'status 0' && count.passed > 0
        const seconds = ((performance.now() - started) / 1_000).toFixed(1)
        print(`${ok ? 'ok' : 'NOT OK'}  ${name} (${results.count} tests, ${seconds} s)`)
        if (!ok && count.failed === 0) print(`        it ended with ${how}`)
        resolve({ ...count, ok })
      })
    })
    parser.on('result', (result) => {
      if (result.ok) count.passed += 1
      else count.failed += 1
      if (!result.ok) print(`${name}\n${describe(result)}`)
      if (result.skip) print(`skipped: ${name} > ${fullName(result)} (${result.skip})`)
    })
    const child = spawn(process.execPath, ['--import=tsx', '--conditions=slipway-source', file], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, ...env, TAP: '1', TAP_TIMEOUT: String(LIMIT_S) },
    })
    const timers = [
      setTimeout(() => child.kill('SIGTERM'), END_MS),
      setTimeout(() => child.kill('SIGKILL'), KILL_MS),
    ]
    const exited = new Promise((done) => {
      child.once('error', (error) => done(error.message))
      child.once('exit', (code, signal) => done(signal ?? `status ${code}`))
    })
    void exited.then(() => timers.forEach(clearTimeout))
    child.stdout.pipe(parser)
  })
}

const fullName = ({ fullname, name }) => fullname || name

function describe(result) {
  const { at, diff, found, wanted, message, stack } = result.diag ?? {}
  const where = at ? `${at.fileName}:${at.lineNumber}` : ''
  const details = diff ?? (found === undefined && wanted === undefined ? '' : show(found, wanted))
  return [`not ok  ${fullName(result)}`, where, message, details, stack]
    .filter(Boolean)
    .join('\n        ')
    .slice(0, 4_000)
}

const show = (found, wanted) => `found ${JSON.stringify(found)}, wanted ${JSON.stringify(wanted)}`
