// Whether a connection is alive decides how long a question is waited for, not a plain deadline. Users are told within
// two seconds that NATS is away (503), but a change of 10,000 rows may rightly take many: no deadline serves both. So
// changes wait as long as their contract says while the server answers pings, and end when it no longer does.
//
// A question that ends so was sent: it may have been carried out, or may still be, when a frozen server thaws and
// hands on what stood in its buffers. Its error (BUS_CONNECTION_LOST) says that; BUS_UNAVAILABLE is for questions
// that were never sent.
import type { NatsConnection } from 'nats'

/** Looks that may find a ping unanswered before the connection counts as broken. */
const PATIENCE = 5

/**
 * Pings the server, one ping at a time, and calls `onDead` once when it no longer answers: at most six intervals
 * after it stopped to. Looks are counted, not time: in a process that was held up itself (a busy machine, a laptop
 * that slept) the answer is read before the next look. Whatever else the server sends is a sign of life, too, as an
 * answer to a ping may stand behind megabytes. Own pings instead of the client's, whose end of a dead connection
 * waits for a write that a frozen server never takes.
 * @returns ends it
 */
export function startHeartbeat(
  connection: NatsConnection,
  intervalMs: number,
  onDead: () => void,
): () => void {
  let outstanding = false
  let unanswered = 0
  let received = 0
  const look = () => {
    const { inMsgs } = connection.stats()
    if (inMsgs !== received) unanswered = 0
    received = inMsgs
    if (!outstanding) return ping()
    unanswered++
    if (unanswered < PATIENCE) return
    clearInterval(timer)
    onDead()
  }
  const ping = () => {
    outstanding = true
    connection.flush().then(
      () => {
        outstanding = false
        unanswered = 0
      },
      // Closed meanwhile; whoever closed it ends the heartbeat.
      () => undefined,
    )
  }
  const timer = setInterval(look, intervalMs)
  return () => clearInterval(timer)
}
