// Runs test files under tap and tells of each when it is done: one line a file, details where something failed.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { Parser } from 'tap-parser'

/**
 * @param {{root: string, files: string[], env: Record<string, string>, print(line: string): void}} options
 * @returns {Promise<{passed: number, failed: number, code: number}>} assertions, and tap's exit code
 */
export function runTap({ root, files, env, print }) {
  return new Promise((resolve) => {
    const parser = new Parser()
    let passed = 0
    let failed = 0
    parser.on('result', (result) => {
      if (result.ok) passed += 1
      else failed += 1
      if (!result.ok) print(describe(result))
      if (result.skip) print(`skipped: ${result.fullname} > ${result.name} (${result.skip})`)
    })
    parser.on('child', (file) => {
      file.once('complete', (results) => {
        const seconds = ((results.time ?? 0) / 1000).toFixed(1)
        print(`${results.ok ? 'ok' : 'NOT OK'}  ${file.name} (${results.count} tests, ${seconds} s)`)
      })
    })
    const child = spawn(join(root, 'node_modules', '.bin', 'tap'), ['run', '--reporter=tap', ...files], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, ...env },
    })
    child.stdout.pipe(parser)
    child.once('close', (code) => resolve({ passed, failed, code: code ?? 1 }))
  })
}

function describe(result) {
  const { at, diff, found, wanted, message, stack } = result.diag ?? {}
  const where = at ? `${at.fileName}:${at.lineNumber}` : ''
  const details = diff ?? (found === undefined && wanted === undefined ? '' : show(found, wanted))
  return [`not ok  ${result.fullname} > ${result.name}`, where, message, details, stack]
    .filter(Boolean)
    .join('\n        ')
    .slice(0, 4_000)
}

const show = (found, wanted) => `found ${JSON.stringify(found)}, wanted ${JSON.stringify(wanted)}`
