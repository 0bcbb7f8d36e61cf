// A step that failed on purpose: the job ends as failed with these words. Everything else that is thrown is either
// trouble with the device (DEVICE_…), an interrupt, or a bug.

export interface ActionFailure extends Error {
  readonly code: 'ACTION_FAILED'
  /** The device's own words. */
  readonly trace: string
}

/** @param statusMessage what the user reads first @param trace the device's own words */
export function actionFailure(statusMessage: string, trace = ''): ActionFailure {
  return Object.assign(new Error(statusMessage), { code: 'ACTION_FAILED', trace } as const)
}

export function isActionFailure(error: unknown): error is ActionFailure {
  return error instanceof Error && 'code' in error && error.code === 'ACTION_FAILED'
}
