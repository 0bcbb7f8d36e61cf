// Errors of this package never carry key material, plaintext or the sealed value.

/** The errors of this package by code; `{}` stands for what the error is about. */
export const secretsErrorMessages = {
  SECRETS_KEYRING_EMPTY:
    'No key is given. Expected `<id>:<base64 of 32 bytes>`, several separated by commas.',
  SECRETS_KEY_MALFORMED:
    'Key number {} is malformed. Expected `<id>:<base64>`, the id of letters, digits, - and _.',
  SECRETS_KEY_LENGTH:
    "The key '{}' has {} bytes. Expected 32 bytes in base64, as `openssl rand -base64 32` prints.",
  SECRETS_KEY_DUPLICATE: "The key id '{}' is given twice.",
  SECRETS_MALFORMED: 'A sealed value of {} is malformed.',
  SECRETS_KEY_UNKNOWN: "A sealed value of {} needs the key '{}', which is not in SLIPWAY_MASTER_KEY.",
  SECRETS_REFUSED:
    "A sealed value of {} does not open with the key '{}': it was altered, moved, or sealed with another key.",
  SECRETS_KEY_FILE: 'The key file {} cannot be used: {}',
} as const

/** The codes of this package; see its README. */
export type SecretsErrorCode = keyof typeof secretsErrorMessages

/** An error of this package. Test with `hasSecretsCode`. */
export interface SecretsError extends Error {
  readonly code: SecretsErrorCode
}

/** Makes an error; the parameters fill the `{}` of its text in order. */
export function secretsError(
  code: SecretsErrorCode,
  params: readonly (string | number)[] = [],
): SecretsError {
  const rest = [...params]
  const text = secretsErrorMessages[code].replace(/\{\}/g, (hole) =>
    rest.length > 0 ? String(rest.shift()) : hole,
  )
  const error = new Error(text)
  error.name = 'SecretsError'
  return Object.assign(error, { code })
}

/** True if the value is an error with this code. */
export function hasSecretsCode(value: unknown, code: SecretsErrorCode): value is SecretsError {
  return value instanceof Error && 'code' in value && value.code === code
}
