/** What the bus needs of a logger; pino fits. Payloads are never handed to it. */
export interface BusLog {
  /** Every question that was answered. */
  debug?(details: object, message: string): void
  /** Rare good news, such as being connected again. */
  info?(details: object, message: string): void
  warn(details: object, message: string): void
  error(details: object, message: string): void
}

/** Used when nobody gave a logger, so that an unexpected error is never lost without a trace. */
export const stderrLog: BusLog = {
  warn: (details, message) => console.warn(message, details),
  error: (details, message) => console.error(message, details),
}
