const nothing = (): void => undefined

/** A log that keeps nothing. */
export const silentLog = { debug: nothing, info: nothing, warn: nothing, error: nothing }
