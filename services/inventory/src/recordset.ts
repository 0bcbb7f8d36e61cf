// Set-based writing: any number of rows in one statement with one parameter, a JSON array that PostgreSQL turns into
// a record set. Column names are constants of the stores, never input.

/** Columns by name, each with its PostgreSQL type. */
export type Columns = Readonly<Record<string, string>>
export type Cell = string | number | boolean | null | readonly (string | number)[] | object
export type RecordOf<C extends Columns> = { [K in keyof C]: Cell }

/** The part of a Prisma client or transaction that runs a statement. */
export interface StatementRunner {
  $executeRawUnsafe(sql: string, ...values: unknown[]): Promise<number>
}

// An escape that JSON.stringify writes only for U+0000 and for surrogates without their partner; neither can be
// stored in PostgreSQL. Sample: `\ud800`
const UNSTORABLE = /\\u(?:0000|d[89a-f][0-9a-f]{2})/i
const UNSTORABLE_CHARACTERS = /\0|\p{Surrogate}/gu

/** The rows as a JSON parameter; what PostgreSQL cannot store in a text becomes U+FFFD. */
export function toJsonParameter(rows: readonly object[]): string {
  const json = JSON.stringify(rows)
  if (!UNSTORABLE.test(json)) return json
  return JSON.stringify(rows, (_key, value: unknown) =>
    typeof value === 'string' ? value.replace(UNSTORABLE_CHARACTERS, '\ufffd') : value,
  )
}

const quote = (name: string): string => `"${name}"`
const recordset = (columns: Columns): string =>
  `json_to_recordset($1::json) AS r(${Object.entries(columns)
    .map(([name, type]) => `${quote(name)} ${type}`)
    .join(', ')})`

/** Inserts all rows; ordered by `order` so that two requests with the same new names cannot deadlock. */
export async function insertRows<C extends Columns>(
  db: StatementRunner,
  table: string,
  columns: C,
  order: keyof C & string,
  rows: readonly RecordOf<C>[],
): Promise<void> {
  if (rows.length === 0) return
  const names = Object.keys(columns).map(quote).join(', ')
  await db.$executeRawUnsafe(
    `INSERT INTO ${quote(table)} (${names}) SELECT ${names} FROM ${recordset(columns)} ORDER BY r.${quote(order)}`,
    toJsonParameter(rows),
  )
}

/** Sets all columns but `id` of the rows with these ids. */
export async function updateRows<C extends Columns>(
  db: StatementRunner,
  table: string,
  columns: C,
  rows: readonly RecordOf<C>[],
): Promise<void> {
  if (rows.length === 0) return
  await db.$executeRawUnsafe(updateStatement(table, columns), toJsonParameter(rows))
}

/** The statement that sets all columns but `id`; its parameter is what `toJsonParameter` makes of rows. */
export function updateStatement(table: string, columns: Columns): string {
  const names = Object.keys(columns).filter((name) => name !== 'id')
  const assignments = names.map((name) => `${quote(name)} = r.${quote(name)}`).join(', ')
  return `UPDATE ${quote(table)} AS t SET ${assignments} FROM ${recordset(columns)} WHERE t.id = r.id`
}
