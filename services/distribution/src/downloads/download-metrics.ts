import { counter, liveGauge, type Metrics } from '@slipway/service-kit'
import type { BufferPool } from './buffer-pool.ts'
import type { Sent } from './transfer.ts'

export interface DownloadMetrics {
  /** A transfer begins; call the answer when it ends. */
  begin(): (sent: Sent) => void
}

export function createDownloadMetrics(metrics: Metrics, pool: Pick<BufferPool, 'used'>): DownloadMetrics {
  let running = 0
  const ended = counter(metrics, {
    name: 'slipway_distribution_downloads_total',
    help: 'Downloads that ended.',
    labels: ['outcome'],
  })
  const bytes = counter(metrics, {
    name: 'slipway_distribution_sent_bytes_total',
    help: 'Bytes of distributions sent.',
  })
  liveGauge(
    metrics,
    { name: 'slipway_distribution_downloads_running', help: 'Downloads that run.' },
    () => running,
  )
  liveGauge(
    metrics,
    { name: 'slipway_distribution_buffer_bytes', help: 'Memory of downloads in use.' },
    pool.used,
  )
  const complete = ended.labels('complete')
  const broken = ended.labels('broken')
  return {
    begin() {
      running += 1
      return (sent) => {
        running -= 1
        bytes.inc(sent.bytes)
        const outcome = sent.complete ? complete : broken
        outcome.inc()
      }
    },
  }
}
