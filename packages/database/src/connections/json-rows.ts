// Rows of a statement as one JSON text. Prisma converts answers column by column, which for many small rows takes
// longer than everything else that is done with them.

/**
 * Reads the rows of a statement that answers one row with one column `rows`: a JSON array, or null for none.
 * Numbers of 64 bits come as numbers, moments as ISO 8601 texts.
 */
export async function jsonRows<R>(answer: Promise<readonly { rows: string | null }[]>): Promise<R[]> {
  const [row] = await answer
  return row?.rows == null ? [] : JSON.parse(row.rows)
}
