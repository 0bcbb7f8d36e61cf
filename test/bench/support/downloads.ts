// Clients of downloads that cost little: curl for large files, ApacheBench for many small ones. Both are C programs with one
// thread, the same for every server; what they used of a core is reported, so that one can see that a server is measured.
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** A server with what it needs to be asked. */
export interface Server {
  readonly name: string
  readonly url: string
  /** Processes that do the work. */
  readonly pids: readonly number[]
  /** Value of an Authorization header; empty for peers that know none. */
  readonly authorization: string
}

export interface Measured {
  /** MiB a second of large files, requests a second of small ones. */
  readonly rate: number
  /** CPU of the server: milliseconds a MiB, or microseconds a request. */
  readonly cost: number
}

const MIB = 1_048_576
/** Ticks of the clock by which /proc counts. */
const TICKS_A_SECOND = 100

/** Fetches a file so many times, several at a time, over connections that are kept. Fails if a byte is missing. */
export async function fetchLarge(
  server: Server,
  path: string,
  { bytes, times, atATime }: { bytes: number; times: number; atATime: number },
): Promise<Measured> {
  const parallel = atATime > 1 ? ['-Z', '--parallel-immediate', '--parallel-max', String(atATime)] : []
  const args = ['-s', '-f', ...parallel, '-o', '/dev/null', '-w', '%{size_download}\n']
  const cpu = cpuSeconds(server.pids)
  const from = performance.now()
  const { stdout } = await run('curl', [
    ...args,
    ...header(server, '-H'),
    `${server.url}${path}?[1-${times}]`,
  ])
  const elapsedS = (performance.now() - from) / 1_000
  const cpuS = cpuSeconds(server.pids) - cpu
  const sizes = stdout.trim().split('\n').map(Number)
  if (sizes.length !== times || sizes.some((size) => size !== bytes)) {
    throw new Error(`${server.name}: ${path} came incomplete: ${stdout}`)
  }
  const mib = (bytes * times) / MIB
  return { rate: mib / elapsedS, cost: (cpuS * 1_000) / mib }
}

/** `Requests per second:    5214.11 [#/sec] (mean)` */
const RATE = /^Requests per second:\s+([\d.]+)/m
const COMPLETE = /^Complete requests:\s+(\d+)/m
const FAILED = /^(?:Failed requests|Non-2xx responses):\s+([1-9]\d*)/m

/**
 * Asks for small files for some seconds over connections that are kept, each file by a client of its own. Fails if
 * anything but 200 is answered. @param atATime connections for each file
 */
export async function fetchSmall(
  server: Server,
  paths: readonly string[],
  { seconds, atATime }: { seconds: number; atATime: number },
): Promise<Measured> {
  const args = ['-q', '-k', '-c', String(atATime), '-t', String(seconds), '-n', '10000000']
  const cpu = cpuSeconds(server.pids)
  const clients = paths.map((path) => run('ab', [...args, ...header(server, '-H'), `${server.url}${path}`]))
  const reports = (await Promise.all(clients)).map(({ stdout }) => stdout)
  const cpuS = cpuSeconds(server.pids) - cpu
  const failed = reports.map((report) => FAILED.exec(report)?.[1]).find((number) => number !== undefined)
  if (failed !== undefined) throw new Error(`${server.name}: ${failed} requests failed`)
  const sum = (what: RegExp) => reports.reduce((all, report) => all + Number(what.exec(report)?.[1]), 0)
  return { rate: sum(RATE), cost: (cpuS * 1_000_000) / sum(COMPLETE) }
}

function header({ authorization }: Server, option: string): string[] {
  return authorization === '' ? [] : [option, `Authorization: ${authorization}`]
}

/** CPU that processes have used in user and system mode. */
function cpuSeconds(pids: readonly number[]): number {
  const ticks = pids.map((pid) => {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name before may hold anything, also blanks and parentheses.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return Number(fields[11]) + Number(fields[12])
  })
  return ticks.reduce((sum, one) => sum + one, 0) / TICKS_A_SECOND
}
