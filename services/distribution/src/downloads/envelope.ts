import type { FastifyReply } from 'fastify'

/** An answer in the guide's words; it tells of no path. */
export function sendEnvelope(
  reply: FastifyReply,
  status: number,
  message: string,
  headers: Readonly<Record<string, string>>,
): void {
  void reply
    .code(status)
    .headers({ 'cache-control': 'no-store', ...headers })
    .type('application/json; charset=utf-8')
    .send({ api_response: { status: 'FAILED', status_message: message } })
}
