// Gauges that are read from a database when somebody scrapes, so that nothing is asked while nobody looks. All gauges
// of a group share one reading; several scrapers within a few seconds share it, too.
import { Gauge } from 'prom-client'
import type { MetricOptions, Metrics } from './metrics.ts'

export interface ScrapedGauge<T> extends MetricOptions<string> {
  /** Puts what was read into the gauge. */
  set(value: T, put: (value: number, labels?: Record<string, string>) => void): void
}

export interface ScrapedGauges<T> {
  read: () => Promise<T>
  gauges: readonly ScrapedGauge<T>[]
  /** How long a reading serves, in milliseconds; default 5,000. */
  cacheMs?: number
  /** After which a scrape goes on without it, in milliseconds; default 2,000. */
  timeoutMs?: number
}

/**
 * Adds the gauges. A reading that fails or takes too long leaves them without values (NaN where there are no labels)
 * and never fails the scrape: the metrics of a process are needed most when its database is away.
 */
export function scrapedGauges<T>(metrics: Metrics, options: ScrapedGauges<T>): void {
  const { read, gauges, cacheMs = 5_000, timeoutMs = 2_000 } = options
  const latest = cached(read, cacheMs)
  for (const { name, help, labels = [], set } of gauges) {
    metrics.removeSingleMetric(name)
    new Gauge({
      name,
      help,
      labelNames: [...labels],
      registers: [metrics],
      async collect() {
        const value = await within(latest(), timeoutMs)
        this.reset()
        if (value !== undefined) set(value.read, (number, given = {}) => this.set(given, number))
        else if (labels.length === 0) this.set(Number.NaN)
      },
    })
  }
}

type Reading<T> = Promise<{ read: T } | undefined>

/** One reading at a time; a failed one serves as long as a good one, so that a sick database is not asked more often. */
function cached<T>(read: () => Promise<T>, cacheMs: number): () => Reading<T> {
  let current: Reading<T> | undefined
  let endedAt: number | undefined
  return () => {
    if (current === undefined || (endedAt !== undefined && performance.now() - endedAt >= cacheMs)) {
      endedAt = undefined
      current = read()
        .then(
          (value) => ({ read: value }),
          () => undefined,
        )
        .finally(() => {
          endedAt = performance.now()
        })
    }
    return current
  }
}

async function within<T>(reading: Reading<T>, timeoutMs: number): Reading<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, timeoutMs, undefined)
  })
  try {
    return await Promise.race([reading, late])
  } finally {
    clearTimeout(timer)
  }
}
