import type { KeyService } from './key-service.ts'

/** Rotation is by hours; looking every ten minutes is often enough and needs no long timer. */
const lookEveryMs = 600_000

/** Replaces the signing key whenever it is due. @returns its end: resolves when nothing runs */
export function startRotation(
  keys: Pick<KeyService, 'rotateIfDue'>,
  log: { warn(fields: object, message: string): void },
): () => Promise<void> {
  let running = Promise.resolve()
  const timer = setInterval(() => {
    running = running
      .then(() => keys.rotateIfDue())
      .catch((error: unknown) => log.warn({ err: error }, 'the signing key could not be looked at'))
  }, lookEveryMs)
  return async () => {
    clearInterval(timer)
    await running
  }
}
