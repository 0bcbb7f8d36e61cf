// From bytes to text, piece by piece, within a limit.
import { TextDecoder } from 'node:util'
import { feedFailure } from './feed-failure.ts'

/** Encodings a feed may declare, as TextDecoder calls them. */
const encodings: ReadonlyMap<string, string> = new Map([
  ['utf-8', 'utf-8'],
  ['us-ascii', 'utf-8'],
  ['iso-8859-1', 'windows-1252'],
  ['windows-1252', 'windows-1252'],
])
/** `<?xml version="1.0" encoding="ISO-8859-1"?>` at the very beginning. */
const DECLARATION = /^(?:\u00ef\u00bb\u00bf)?<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']/

/**
 * The text of a stream in pieces. @throws FeedFailure: too large, an encoding that is not known, bytes that are no text
 */
export async function* decodeFeed(
  chunks: AsyncIterable<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<string> {
  let bytes = 0
  let decoder: TextDecoder | undefined
  for await (const chunk of chunks) {
    bytes += chunk.length
    if (bytes > maxBytes) throw feedFailure(`is larger than ${maxBytes} bytes`)
    decoder ??= decoderFor(chunk)
    yield decode(decoder, chunk)
  }
  if (decoder !== undefined) yield decode(decoder)
}

function decoderFor(first: Uint8Array): TextDecoder {
  const start = Buffer.from(first.subarray(0, 256)).toString('latin1')
  const declared = DECLARATION.exec(start)?.[1]?.toLowerCase() ?? 'utf-8'
  const encoding = encodings.get(declared)
  if (encoding === undefined) throw feedFailure('is in an encoding that is not supported')
  return new TextDecoder(encoding, { fatal: true })
}

function decode(decoder: TextDecoder, chunk?: Uint8Array): string {
  try {
    return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true })
  } catch {
    throw feedFailure('is not text in its encoding')
  }
}

/** A whole text. */
export async function readText(chunks: AsyncIterable<Uint8Array>, maxBytes: number): Promise<string> {
  let text = ''
  for await (const piece of decodeFeed(chunks, maxBytes)) text += piece
  return text
}
