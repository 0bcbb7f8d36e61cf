// Metrics of one process. The registry is an argument everywhere: prom-client's global one would be shared by all
// services of the standalone shape, and by tests. Names are `slipway_<context>_<thing>_<unit>`, so that two services
// of one process never mean the same one; labels are few and from closed lists, never names of hosts or ids of jobs.
// Every metric stands in docs/metrics.md.
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

/** Where a process collects its metrics; services add their own counters, histograms and gauges to it. */
export type Metrics = Registry
export type { Counter, Gauge, Histogram }

/** What a metric is called and what its labels are. */
export interface MetricOptions<L extends string> {
  name: `slipway_${string}`
  help: string
  labels?: readonly L[]
}

/** Seconds of answers within the cluster, from a look into memory to the longest deadline. */
export const answerBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60]

/** A registry with the metrics of the process itself: CPU, memory, event loop delay, garbage collection. */
export function createMetrics(): Metrics {
  const registry = createRegistry()
  // 50 ms instead of 10: the sampling timer shall not wake an idle process a hundred times a second.
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 50 })
  return registry
}

/** An empty registry, which nothing of the process samples: for tests, and where nobody scrapes. */
export function createRegistry(): Metrics {
  return new Registry()
}

/** A counter of this registry; the same one if it exists already. */
export function counter<L extends string = never>(metrics: Metrics, options: MetricOptions<L>): Counter<L> {
  return known<Counter<L>>(metrics, options.name) ?? new Counter({ ...configuration(metrics, options) })
}

/** A histogram of this registry; the same one if it exists already. */
export function histogram<L extends string = never>(
  metrics: Metrics,
  { buckets = answerBuckets, ...options }: MetricOptions<L> & { buckets?: number[] },
): Histogram<L> {
  return (
    known<Histogram<L>>(metrics, options.name) ??
    new Histogram({ ...configuration(metrics, options), buckets: [...buckets] })
  )
}

/** A gauge of this registry that is set as things happen; the same one if it exists already. */
export function gauge<L extends string = never>(metrics: Metrics, options: MetricOptions<L>): Gauge<L> {
  return known<Gauge<L>>(metrics, options.name) ?? new Gauge(configuration(metrics, options))
}

/** A gauge whose value is looked up in memory when somebody scrapes. Made anew, the later look-up counts. */
export function liveGauge(metrics: Metrics, options: MetricOptions<never>, read: () => number): void {
  metrics.removeSingleMetric(options.name)
  new Gauge({
    ...configuration(metrics, options),
    collect() {
      this.set(read())
    },
  })
}

function known<M>(metrics: Metrics, name: string): M | undefined {
  return metrics.getSingleMetric(name) as M | undefined
}

function configuration<L extends string>(metrics: Metrics, { name, help, labels = [] }: MetricOptions<L>) {
  return { name, help, labelNames: [...labels], registers: [metrics] }
}
