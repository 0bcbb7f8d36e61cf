import { setTimeout as delay } from 'node:timers/promises'
import type { Teardown } from './teardown.ts'

/** What must be given back: sockets, servers, timers, child processes. Files and DNS end by themselves. */
const HELD = [
  'TCPSocketWrap',
  'TCPServerWrap',
  'TLSWrap',
  'PipeWrap',
  'UDPWrap',
  'Timeout',
  'ProcessWrap',
  'MessagePort',
]
const CHECKS = 40
const PAUSE_MS = 50

function count(): Map<string, number> {
  const counts = new Map<string, number>()
  for (const kind of process.getActiveResourcesInfo()) {
    if (HELD.includes(kind)) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  }
  return counts
}

/**
 * Fails the test if it leaves more sockets, servers, timers or children behind than there were now. Call it first:
 * teardowns run in reverse, so this one looks when all others are done. What is closing gets two seconds.
 */
export function assertNoLeaks(t: Teardown): void {
  const before = count()
  t.teardown(async () => {
    let leaked: string[] = []
    for (let check = 0; check < CHECKS; check += 1) {
      leaked = [...count()].filter(([kind, now]) => now > (before.get(kind) ?? 0)).map(([kind]) => kind)
      if (leaked.length === 0) return
      await delay(PAUSE_MS)
    }
    throw new Error(`The test leaves behind: ${leaked.join(', ')}`)
  })
}

/** Wraps a function that must be called exactly so often until the test ends. */
export function mustCall<A extends unknown[], R>(
  t: Teardown,
  wrapped: (...args: A) => R,
  times = 1,
): (...args: A) => R {
  let calls = 0
  t.teardown(() => {
    if (calls !== times)
      throw new Error(`Expected ${times} call(s) of ${wrapped.name || 'a function'}, saw ${calls}`)
  })
  return (...args) => {
    calls += 1
    return wrapped(...args)
  }
}
