import { buildConnector } from 'undici'

/** Connections of an agent, of which one can tell how much came over them. */
export interface CountedConnections {
  readonly connect: buildConnector.connector
  /** Bytes that have come from an origin, also over connections that are closed. */
  bytesFrom(origin: string): number
}

interface Count {
  closed: number
  readonly open: Set<{ readonly bytesRead: number }>
}

export function createCountedConnections(options: buildConnector.BuildOptions): CountedConnections {
  const connector = buildConnector(options)
  const counts = new Map<string, Count>()

  function countOf(origin: string): Count {
    const known = counts.get(origin)
    if (known !== undefined) return known
    const made = { closed: 0, open: new Set<{ readonly bytesRead: number }>() }
    counts.set(origin, made)
    return made
  }
  return {
    connect(to, callback) {
      connector(to, (...result) => {
        const [error, socket] = result
        if (error === null) {
          const count = countOf(`${to.protocol}//${to.host ?? to.hostname}`)
          count.open.add(socket)
          socket.once('close', () => {
            count.open.delete(socket)
            count.closed += socket.bytesRead
          })
        }
        callback(...result)
      })
    },
    bytesFrom(origin) {
      const { closed, open } = countOf(origin)
      let bytes = closed
      for (const { bytesRead } of open) bytes += bytesRead
      return bytes
    },
  }
}
