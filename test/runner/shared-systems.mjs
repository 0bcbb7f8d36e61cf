// The running Slipways that files share, one of each shape. Each is started when the first file wants it.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

/**
 * @param {{root: string}} options
 */
export function createSharedSystems({ root }) {
  /** @type {Map<string, {place: Promise<string>, end(): Promise<void>}>} */
  const systems = new Map()

  function start(shape) {
    const args = ['--import=tsx', '--conditions=slipway-source', 'test/runner/shared-slipway.ts']
    const child = spawn(process.execPath, args, {
      cwd: root,
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
      env: { ...process.env, SLIPWAY_SHAPE: shape },
    })
    const exited = new Promise((resolve) => child.once('exit', resolve))
    const place = new Promise((resolve, reject) => {
      createInterface({ input: child.stdout }).once('line', resolve)
      void exited.then(() => reject(new Error(`the shared Slipway (${shape}) could not start`)))
    })
    place.catch(() => undefined)
    return {
      place,
      async end() {
        if (child.connected) child.disconnect()
        await exited
      },
    }
  }

  return {
    /** @returns {Promise<Record<string, string>>} environment of a file that shares it */
    async environment(shape) {
      const system = systems.get(shape) ?? start(shape)
      systems.set(shape, system)
      return { SLIPWAY_SHARED: await system.place }
    },
    /** After the last file that shares it, or one that failed in it: the next one gets a new one. */
    async stop(shape) {
      const system = systems.get(shape)
      systems.delete(shape)
      await system?.end()
    },
    stopAll: () => Promise.all([...systems.keys()].map((shape) => systems.get(shape)?.end())),
  }
}
