/** What PostgreSQL can store: a router's words may hold NUL bytes or half characters, which it refuses. */
export function cleanText(text: string): string {
  return Buffer.from(text.replaceAll('\0', '')).toString()
}
