// The database as the feature folders see it. Prisma's types stay in the store files.
import { type Connection, type Log, prismaAdapter } from '@slipway/database'
import { PrismaClient } from './generated/client.ts'

export type Database = PrismaClient

/** Opens a pool of at most 5 connections; nothing is connected before the first statement. */
export function openDatabase(connection: Connection, log: Log): Database {
  return new PrismaClient({
    adapter: prismaAdapter(connection, { applicationName: 'slipway-distribution', log }),
  })
}
