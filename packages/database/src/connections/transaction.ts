// Transactions of the pg client, for what Prisma has no words: COPY, above all. Prisma's own pool may serve both.
import { createError } from '@slipway/contracts'
import pg from 'pg'

/** How answers of the pg client are read where Prisma's are, too: integers of 64 bits as bigint. */
export const bigintTypes: pg.CustomTypesConfig = {
  getTypeParser: (oid, format) =>
    oid === pg.types.builtins.INT8 && format !== 'binary' ? BigInt : pg.types.getTypeParser(oid, format),
}

/** A statement that takes longer is broken off by the server: nobody waits for its answer any more. */
const STATEMENT_TIMEOUT_MS = 120_000

/**
 * Runs `work` between BEGIN and COMMIT; whatever it throws, nothing of it is left. Errors: those of `work`, PostgreSQL's
 * as they are, BUS_UNAVAILABLE if there is no connection or it broke.
 */
export async function inPoolTransaction<T>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  const client = await pool.connect().catch((error: unknown) => {
    throw asAway(error)
  })
  let broken: Error | undefined
  // Without it a connection that breaks between two statements would end the process.
  const onError = (error: Error) => {
    broken = error
  }
  client.on('error', onError)
  try {
    await client.query(`BEGIN; SET LOCAL statement_timeout = ${STATEMENT_TIMEOUT_MS}`)
    const result = await work(client)
    await client.query('COMMIT')
    return result
  } catch (error) {
    broken ??= await failureOf(client.query('ROLLBACK'))
    throw broken === undefined ? error : asAway(error)
  } finally {
    client.off('error', onError)
    client.release(broken)
  }
}

async function failureOf(work: Promise<unknown>): Promise<Error | undefined> {
  try {
    await work
    return undefined
  } catch (error) {
    return error instanceof Error
      ? error
      : new Error('the connection cannot be used any more', { cause: error })
  }
}

/** The pg client tells of a lost connection in words only. */
function asAway(error: unknown): unknown {
  return error instanceof pg.DatabaseError ? error : createError('BUS_UNAVAILABLE', [], error)
}
