// Takes secrets out of text: known ones by their value, others by their form.

/** What stands in place of a secret. */
export const REDACTED = '[redacted]'

interface Pattern {
  readonly pattern: RegExp
  readonly replacement: string
}

const NAMES =
  'pass(?:word|wd|phrase)?|secret|token|authorization|api[_-]?key|private[_-]?key|client[_-]?secret'

/**
 * Forms in which secrets appear in messages, each with a sample. Rather too much is taken out than too little. Every
 * repetition that could be tried again from many starting points is bounded, so that no text takes long.
 */
const PATTERNS: readonly Pattern[] = [
  // -----BEGIN OPENSSH PRIVATE KEY----- … -----END OPENSSH PRIVATE KEY-----
  {
    pattern: /-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,30}PRIVATE KEY-----|$)/g,
    replacement: REDACTED,
  },
  // sftp://user:p@ss/word@host/path  (not http://host:5000/a@b: a port ends at the slash)
  {
    pattern:
      /\b([a-z][a-z0-9+.-]{0,20}:\/\/[^\s:/@"'<>]{0,256}):(?!\d{1,5}(?:[/\s"'<>]|$))[^\s"'<>]{0,256}@/gi,
    replacement: `$1:${REDACTED}@`,
  },
  // Basic dXNlcjpwYXNz
  {
    pattern: /\bBasic\s+(?:[A-Za-z0-9+/_-]{4})+(?:[A-Za-z0-9+/_-]{2,3}={0,2})?(?![A-Za-z0-9+/=_-])/gi,
    replacement: `Basic ${REDACTED}`,
  },
  // Bearer abcdef…
  { pattern: /\bBearer\s+[A-Za-z0-9+/=._~-]{8,}/gi, replacement: `Bearer ${REDACTED}` },
  // eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJyb290In0.c2ln
  { pattern: /\beyJ[A-Za-z0-9_-]{5,1024}\.[A-Za-z0-9_-]{1,8192}\.[A-Za-z0-9_-]*/g, replacement: REDACTED },
  // "password": "x"   within JSON or something like it
  {
    pattern: new RegExp(
      `(["'](?:[\\w-]{0,40}(?:${NAMES}))["']\\s*:\\s*)(["'])(?:\\\\[\\s\\S]|(?!\\2)[^\\\\])*(?:\\2|$)`,
      'gi',
    ),
    replacement: `$1$2${REDACTED}$2`,
  },
  // \"password\":\"x\"   JSON that stands as text within JSON
  {
    pattern: new RegExp(
      `(\\\\"(?:[\\w-]{0,40}(?:${NAMES}))\\\\"\\s*:\\s*\\\\")(?:\\\\\\\\(?:\\\\["\\\\]|[^\\\\])|[^\\\\])*(?:\\\\"|$)`,
      'gi',
    ),
    replacement: `$1${REDACTED}\\"`,
  },
  // password: "x"   as Prisma quotes a query in its messages
  {
    pattern: new RegExp(
      `\\b((?:[\\w-]{0,40}(?:${NAMES}))\\s{0,8}[=:]\\s{0,8})(["'])(?:\\\\[\\s\\S]|(?!\\2)[^\\\\])*(?:\\2|$)`,
      'gi',
    ),
    replacement: `$1$2${REDACTED}$2`,
  },
  // password=x   enable_password: x
  {
    pattern: new RegExp(
      `\\b((?:[\\w-]{0,40}(?:${NAMES}))\\s{0,8}[=:]\\s{0,8})(?!(?:Basic |Bearer )?\\[redacted\\])[^\\s,;&"'\\\\]+`,
      'gi',
    ),
    replacement: `$1${REDACTED}`,
  },
  // password 7 094F471A1A0A   secret 5 $1$abc$…   in a router's configuration
  { pattern: /\b(password|secret)\s{1,8}(encrypted|\d{1,2})\s{1,8}\S+/gi, replacement: `$1 $2 ${REDACTED}` },
]

/** What every text has that one of the patterns takes something out of: most texts have none of it and are left alone. */
const HINT = new RegExp(`-----BEGIN|://|basic\\s|bearer\\s|eyJ|${NAMES}`, 'i')

/** Below this length a secret is only taken out where it stands as a word: else it would riddle the text. */
const SHORT = 4

/**
 * Takes out the given secrets, in the forms in which they travel (plain, URL-encoded, base64, within JSON), then
 * whatever looks like a secret.
 */
export function redactText(text: string, secrets: readonly string[] = []): string {
  let result = text
  for (const form of formsOf(secrets)) result = removeForm(result, form)
  return redactPatterns(result)
}

/** Takes out what looks like a secret. */
export function redactPatterns(text: string): string {
  if (!HINT.test(text)) return text
  return PATTERNS.reduce((result, { pattern, replacement }) => result.replace(pattern, replacement), text)
}

/** Longest first: a secret that contains another must go whole. */
function formsOf(secrets: readonly string[]): string[] {
  const forms = secrets.flatMap((secret) => [
    secret,
    encodeURIComponent(Buffer.from(secret, 'utf8').toString('utf8')),
    JSON.stringify(secret).slice(1, -1),
    Buffer.from(secret, 'utf8').toString('base64'),
  ])
  return [...new Set(forms)].filter((form) => form !== '').sort((a, b) => b.length - a.length)
}

function removeForm(text: string, form: string): string {
  if (form.length >= SHORT) return text.replaceAll(form, REDACTED)
  const escaped = form.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&')
  return text.replace(new RegExp(`(?<![\\w])${escaped}(?![\\w])`, 'g'), REDACTED)
}
