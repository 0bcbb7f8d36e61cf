import { createScrub } from '@slipway/router-session'

/** Takes secrets out of texts; knows more of them as they are opened. */
export interface SecretMask {
  readonly text: (text: string) => string
  add(secrets: readonly string[]): void
}

export function createSecretMask(): SecretMask {
  let known: readonly string[] = []
  let scrub = createScrub([])
  return {
    text: (text) => scrub(text),
    add(secrets) {
      known = [...known, ...secrets]
      scrub = createScrub(known)
    },
  }
}
