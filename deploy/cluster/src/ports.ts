// Ports for the processes of one machine: those above the API's, so that they are easy to guess, without the taken ones.
import { createServer } from 'node:net'

const LAST_PORT = 65_535

/** Finds ports of 127.0.0.1 that are free now, from `first` upwards. */
export async function findFreePorts(first: number, count: number): Promise<number[]> {
  const found: number[] = []
  for (let port = first; found.length < count; port += 1) {
    if (port > LAST_PORT) throw new Error(`There are no ${count} free ports from ${first} on`)
    if (await isFree(port)) found.push(port)
  }
  return found
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen({ port, host: '127.0.0.1', exclusive: true }, resolve)
    })
    return true
  } catch {
    return false
  } finally {
    await new Promise((resolve) => server.close(resolve))
  }
}
