// Metrics of one process. The registry is an argument everywhere: prom-client's global one would be shared by all
// services of the standalone shape, and by tests.
import { collectDefaultMetrics, Registry } from 'prom-client'

/** Where a process collects its metrics; services add their own counters, histograms and gauges to it. */
export type Metrics = Registry

/** A registry with the metrics of the process itself: CPU, memory, event loop delay, garbage collection. */
export function createMetrics(): Metrics {
  const registry = new Registry()
  // 50 ms instead of 10: the sampling timer shall not wake an idle process a hundred times a second.
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 50 })
  return registry
}
