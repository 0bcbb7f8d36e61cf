// Preloaded into Slipway by benchmarks: writes a line for each time in which its event loop did nothing else for 20 ms,
// `<milliseconds> <of these without a core>`. On a machine that is shared a process waits for a core in the middle of
// anything; the kernel counts that by thread (second number of schedstat, nanoseconds).
import { appendFileSync, readFileSync } from 'node:fs'

const EVERY_MS = 10
const WORTH_MS = 20
const file = process.env.SLIPWAY_BENCH_PROBE
const waitedMs = () => Number(readFileSync('/proc/self/schedstat', 'utf8').split(' ')[1]) / 1e6

if (file !== undefined) {
  let last = { at: performance.now(), waited: waitedMs() }
  setInterval(() => {
    const now = { at: performance.now(), waited: waitedMs() }
    const blocked = now.at - last.at - EVERY_MS
    if (blocked > WORTH_MS) {
      appendFileSync(file, `${blocked.toFixed(1)} ${(now.waited - last.waited).toFixed(1)}\n`)
    }
    last = now
  }, EVERY_MS).unref()
}
