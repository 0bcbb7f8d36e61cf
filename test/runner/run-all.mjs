// Runs test files, two at a time, as there are two processors on CI. Those that share a Slipway never use it at the
// same time.
import { runFile } from './run-file.mjs'
import { createSharedSystems } from './shared-systems.mjs'

const JOBS = 2

/**
 * @param {{root: string, work: import('./work-list.mjs').Work[], env: Record<string, string>, print(line: string): void}} options
 * @returns {Promise<{passed: number, failed: number, ok: boolean}>} assertions; ok is false after a crash, too
 */
export async function runAll({ root, work, env, print }) {
  const total = { passed: 0, failed: 0, ok: true }
  const waiting = [...work]
  const systems = createSharedSystems({ root })
  /** Shapes whose shared Slipway is in use. */
  const used = new Set()

  async function run({ file, shape }, more = {}) {
    const all = { ...env, SLIPWAY_SHAPE: shape, ...more }
    const result = await runFile({ root, file, shape, env: all, print })
    total.passed += result.passed
    total.failed += result.failed
    total.ok &&= result.ok
    return result.ok
  }

  async function runShared(each) {
    const { shape } = each
    used.add(shape)
    try {
      const ok = await run(each, await systems.environment(shape))
      // A failure may have left anything behind.
      if (!ok || !waiting.some((other) => other.shares && other.shape === shape)) await systems.stop(shape)
    } catch (error) {
      print(`NOT OK  ${each.file}: ${error.message}`)
      total.ok = false
      await systems.stop(shape)
    } finally {
      used.delete(shape)
    }
  }

  async function worker() {
    for (;;) {
      const next = waiting.findIndex(({ shares, shape }) => !(shares && used.has(shape)))
      // What is left belongs to whoever uses the shared Slipway now.
      if (next < 0) return
      const [each] = waiting.splice(next, 1)
      await (each.shares ? runShared(each) : run(each))
    }
  }

  try {
    await Promise.all(Array.from({ length: JOBS }, worker))
  } finally {
    await systems.stopAll()
  }
  return total
}
