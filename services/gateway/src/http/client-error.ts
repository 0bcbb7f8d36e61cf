// What is not HTTP never becomes a request: it is answered on the raw socket, in the envelope all the same.
import type { FastifyServerOptions } from 'fastify'
import { failureBody } from './envelope.ts'

/** By Node's code: status line and text. */
const answers: Readonly<Record<string, readonly [status: string, message: string]>> = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'The request is too large: its headers.'],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'The request did not arrive in time.'],
}
const MALFORMED = ['400 Bad Request', 'The request is not valid HTTP.'] as const

/** Answers malformed HTTP, over-long headers and requests that do not arrive. */
export const clientErrorHandler: NonNullable<FastifyServerOptions['clientErrorHandler']> = (
  error,
  socket,
) => {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) return
  socket.end(rawAnswer(...(answers[error.code] ?? MALFORMED)))
}

function rawAnswer(status: string, message: string): string {
  const body = JSON.stringify(failureBody(message))
  return [
    `HTTP/1.1 ${status}`,
    'Content-Type: application/json; charset=utf-8',
    'Cache-Control: no-store',
    'Connection: close',
    `Content-Length: ${Buffer.byteLength(body)}`,
    '',
    body,
  ].join('\r\n')
}
