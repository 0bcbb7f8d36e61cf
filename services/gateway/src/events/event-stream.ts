// The stream of events of one connection: written to as fast as its client reads.
import { PassThrough } from 'node:stream'
import type { Clock } from '@slipway/service-kit'
import type { Asker } from '../http/backend.ts'
import type { Cursor } from './cursor.ts'
import type { ConnectedWatcher, EventHub } from './event-hub.ts'
import { heartbeat, streamStart } from './event-text.ts'

/** A quiet stream says so often that it lives. */
const HEARTBEAT_MS = 15_000
/** A client that has not read for so long is gone; it may come back with its Last-Event-ID. */
const STUCK_MS = 60_000

export interface StreamOptions {
  jobId: number
  cursor: Cursor
  asker: Asker
  /** True while the credentials of the request are good. */
  stillGood: () => boolean
  clock: Pick<Clock, 'monotonicMs'>
}

/** Opens a stream of what a client has not seen of a job. Errors: GATEWAY_STREAMS_FULL, GATEWAY_STOPPING. */
export function openStream(hub: Pick<EventHub, 'add'>, options: StreamOptions): PassThrough {
  const { clock, stillGood } = options
  const stream = new PassThrough()
  let writtenAtMs = clock.monotonicMs()
  const write = (bytes: Buffer | string) => {
    writtenAtMs = clock.monotonicMs()
    if (stream.writable) stream.write(bytes)
  }
  const watcher: ConnectedWatcher = {
    cursor: options.cursor,
    atEnd: false,
    progress: '',
    asker: options.asker,
    ready: () => stream.writable && !stream.writableNeedDrain,
    send: write,
    end: () => void stream.end(),
    tick() {
      if (!stillGood()) stream.end()
      const quietMs = clock.monotonicMs() - writtenAtMs
      if (quietMs >= STUCK_MS && stream.writableNeedDrain) stream.destroy()
      else if (quietMs >= HEARTBEAT_MS && watcher.ready()) write(heartbeat)
    },
  }
  write(streamStart)
  const watching = hub.add(options.jobId, watcher)
  stream.on('drain', watching.drained)
  stream.on('close', watching.stop)
  stream.on('finish', watching.stop)
  // An aborted connection is no fault of ours.
  stream.on('error', watching.stop)
  return stream
}
