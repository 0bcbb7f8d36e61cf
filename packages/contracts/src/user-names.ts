// Names of users. They compare case-insensitively and hold no colon, which would end them in HTTP Basic.
// Source: REST contract, section 2.

/** Longest name of a user, in characters. */
export const longestUsername = 50
/** Fewest and most characters of a user's password. */
export const passwordLength = { least: 12, most: 100 } as const

/** A colon, a control character, half of a surrogate pair. Sample: `a:b` */
const FORBIDDEN_IN_NAMES = /[:\p{Cc}\p{Surrogate}]/u
/** `eyJhbGciOiJFUzI1NiJ9.e30.c2ln`: in the place of a user name it is taken for an access token. */
const LOOKS_LIKE_A_TOKEN = /^eyJ[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*$/

/** True for what may be the name of a user, its length apart. */
export function isUsername(name: string): boolean {
  return (
    name !== '' && name === name.trim() && !FORBIDDEN_IN_NAMES.test(name) && !LOOKS_LIKE_A_TOKEN.test(name)
  )
}

/** The form in which names are compared; undefined for what cannot be the name of a user. */
export function usernameKey(name: string): string | undefined {
  if (!isUsername(name) || [...name].length > longestUsername) return undefined
  return name.normalize('NFC').toLowerCase()
}
