// What waits in a service's outbox and how sending goes.
import type { Context } from '@slipway/contracts'
import { counter, type Metrics } from './metrics.ts'
import { scrapedGauges } from './scraped-gauges.ts'

/** What `outboxStats` of packages/database tells. */
interface DeliveryStats {
  readonly waiting: number
  readonly failing: number
  readonly oldestSeconds: number
}

/**
 * Adds the metrics of a service's deliveries.
 * @param stats asked when somebody scrapes
 * @returns wraps the relay's `send` so that attempts are counted
 */
export function watchDeliveries(
  metrics: Metrics,
  service: Context,
  stats: () => Promise<DeliveryStats>,
): <D>(send: (delivery: D) => Promise<void>) => (delivery: D) => Promise<void> {
  scrapedGauges(metrics, {
    read: stats,
    gauges: [
      {
        name: `slipway_${service}_deliveries_waiting`,
        help: 'Deliveries in the outbox that are not recorded by their receiver yet.',
        set: ({ waiting }, put) => put(waiting),
      },
      {
        name: `slipway_${service}_deliveries_failing`,
        help: 'Of these, the ones that failed at least once and are tried again.',
        set: ({ failing }, put) => put(failing),
      },
      {
        name: `slipway_${service}_deliveries_oldest_seconds`,
        help: 'Age of the oldest waiting delivery; 0 if none waits.',
        set: ({ oldestSeconds }, put) => put(oldestSeconds),
      },
    ],
  })
  const attempts = counter(metrics, {
    name: `slipway_${service}_delivery_attempts_total`,
    help: 'Attempts to send a delivery, by outcome: recorded, or failed and tried again.',
    labels: ['outcome'],
  })
  return (send) => async (delivery) => {
    try {
      await send(delivery)
    } catch (error) {
      attempts.inc({ outcome: 'failed' })
      throw error
    }
    attempts.inc({ outcome: 'recorded' })
  }
}
