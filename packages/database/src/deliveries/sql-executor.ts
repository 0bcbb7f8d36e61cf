/** Runs SQL: a pg client or pool, or a Prisma client or its transaction. */
export type SqlExecutor = PgExecutor | PrismaExecutor

interface PgExecutor {
  query(sql: string, values: unknown[]): PromiseLike<{ rows: unknown[] }>
}

interface PrismaExecutor {
  $queryRawUnsafe<T>(sql: string, ...values: unknown[]): PromiseLike<T>
}

/**
 * The rows of a statement. The SQL is always a constant of this package with the values bound, which is all that
 * "unsafe" in Prisma's name asks for.
 */
export async function rowsOf<T>(executor: SqlExecutor, sql: string, values: unknown[]): Promise<T[]> {
  if ('$queryRawUnsafe' in executor) return executor.$queryRawUnsafe<T[]>(sql, ...values)
  const { rows } = await executor.query(sql, values)
  return rows as T[]
}
