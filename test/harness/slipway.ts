// Slipway as a black box: started as a user starts it, spoken to over HTTP only.
import { createServer } from 'node:net'
import { createApi } from './api.ts'
import { type Child, startNode } from './child.ts'

export interface Slipway {
  url: string
  dataDir: string
  password: string
  child: Child
  api: ReturnType<typeof createApi>
}

export const adminPassword = 'a-password-for-tests-only'

/** Journeys run against both shapes; none knows which. `SLIPWAY_SHAPE` is `standalone` (default) or `cluster`. */
export const shape = process.env['SLIPWAY_SHAPE'] === 'cluster' ? 'cluster' : 'standalone'

/** A dead executor's runs are taken over in seconds instead of most of a minute. */
export const quickLeases = {
  EXECUTOR_LEASE: '6s',
  EXECUTOR_LEASE_RENEWAL: '1s',
  EXECUTOR_LEASE_MARGIN: '2s',
  EXECUTOR_TAKE_OVER_GRACE: '2s',
  EXECUTOR_SWEEP_INTERVAL: '500ms',
}

/** Starts Slipway on a free port, in the shape that is chosen, and waits until it is ready. */
export async function startSlipway(
  dataDir: string,
  options: {
    port?: number
    shape?: 'standalone' | 'cluster'
    env?: Record<string, string>
    onLine?: (line: string) => void
  } = {},
): Promise<Slipway> {
  const port = options.port ?? (await freePort())
  const env = {
    PORT: String(port),
    SLIPWAY_DATA_DIR: dataDir,
    SLIPWAY_ADMIN_PASSWORD: adminPassword,
    // Simulated routers do not need the patience that real ones do.
    EXECUTOR_RELOAD_HOLD: '200ms',
    EXECUTOR_POLL_INTERVAL: '200ms',
    EXECUTOR_LOOK_AGAIN: '300ms',
    EXECUTOR_RECONNECT_PAUSE: '200ms',
    ...(shape === 'cluster' ? quickLeases : {}),
    ...options.env,
  }
  const child = startNode([`deploy/${options.shape ?? shape}/start.mjs`], env, options.onLine)
  await child.line((line) => line.startsWith('Slipway is ready'))
  const url = `http://127.0.0.1:${port}`
  return { url, dataDir, password: adminPassword, child, api: createApi(url, 'root', adminPassword) }
}

/**
 * A TCP port that is free now, below the range from which the system takes ports for outgoing connections: a cluster
 * listens on some twenty ports from this one on, seconds later, and none of them may be taken meanwhile.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 10_000 + 32 * Math.floor(Math.random() * 185)
    if (await isFree(port)) return port
  }
}

function isFree(port: number): Promise<boolean> {
  const server = createServer()
  return new Promise((resolve) => {
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
