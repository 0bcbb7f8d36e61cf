// What a process sees of the bus: how long answers take, what they are, how much is under way.
import type { BusObserver } from '@slipway/bus'
import { Gauge } from 'prom-client'
import { gauge, histogram, type Metrics } from './metrics.ts'

/** The observer for `createInProcessBus` and `connectNatsBus`. */
export function busMetrics(metrics: Metrics): BusObserver {
  const seconds = histogram(metrics, {
    name: 'slipway_bus_request_seconds',
    help: 'Time until a question was answered, as its asker saw it, by subject and outcome (ok or error code).',
    labels: ['subject', 'outcome'],
  })
  const inFlight = gauge(metrics, {
    name: 'slipway_bus_requests_in_flight',
    help: 'Questions under way now: asked by this process, or served by it.',
    labels: ['side'],
  })
  const connections = new Map<string, () => boolean>()
  metrics.removeSingleMetric('slipway_bus_connected')
  new Gauge({
    name: 'slipway_bus_connected',
    help: '1 while the service can send requests, else 0.',
    labelNames: ['service'],
    registers: [metrics],
    collect() {
      for (const [service, isConnected] of connections) this.set({ service }, isConnected() ? 1 : 0)
    },
  })
  const enter = (side: 'asked' | 'served') => {
    inFlight.inc({ side })
    return () => inFlight.dec({ side })
  }
  return {
    connected: (service, isConnected) => void connections.set(service, isConnected),
    asked(subject) {
      const leave = enter('asked')
      const startedAt = performance.now()
      return (outcome) => {
        leave()
        seconds.observe({ subject, outcome }, (performance.now() - startedAt) / 1_000)
      }
    },
    served: () => enter('served'),
  }
}
