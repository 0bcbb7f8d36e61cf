import type { NatsConnection } from 'nats'

/** Pings that may stay unanswered before the connection counts as broken. */
const MAX_UNANSWERED = 2

/**
 * Pings the server and calls `onDead` once when it no longer answers: after two to three intervals. Own pings
 * instead of the client's, whose end of a dead connection waits for a write that a frozen server never takes.
 * @returns ends it
 */
export function startHeartbeat(
  connection: NatsConnection,
  intervalMs: number,
  onDead: () => void,
): () => void {
  let unanswered = 0
  const timer = setInterval(() => {
    if (unanswered >= MAX_UNANSWERED) {
      clearInterval(timer)
      onDead()
      return
    }
    unanswered++
    connection.flush().then(
      () => {
        unanswered = 0
      },
      // Closed meanwhile; whoever closed it ends the heartbeat.
      () => undefined,
    )
  }, intervalMs)
  return () => clearInterval(timer)
}
