// Counts assertions in the TAP that a run wrote.
import { createReadStream, existsSync } from 'node:fs'
import { Parser } from 'tap-parser'

/** @param {string} file @returns {Promise<{passed: number, failed: number}>} leaf assertions, subtests not counted twice */
export async function countResults(file) {
  if (!existsSync(file)) return { passed: 0, failed: 0 }
  return new Promise((resolve, reject) => {
    let passed = 0
    let failed = 0
    const parser = new Parser()
    parser.on('result', (result) => {
      if (result.ok) passed += 1
      else failed += 1
    })
    parser.on('complete', () => resolve({ passed, failed }))
    createReadStream(file).once('error', reject).pipe(parser)
  })
}
