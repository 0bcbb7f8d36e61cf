// One PostgreSQL for all test files of a run. Imported late: the test kit is built by then.

/** @returns {Promise<{url: string, stop(): Promise<void>}>} */
export async function startTestDatabase() {
  const { startTestPostgres } = await import('@slipway/test-kit')
  return startTestPostgres()
}
