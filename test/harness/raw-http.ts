// HTTP as bytes on a socket: for requests that no client library would send.
import { connect } from 'node:net'

export interface RawAnswer {
  status: number
  head: string
  body: string
}

/** Sends the bytes and reads until the server closes, or nothing came for a while. All answers, in order. */
export function sendRaw(url: string, bytes: string | Buffer, timeoutMs = 10_000): Promise<RawAnswer[]> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(bytes))
    const chunks: Buffer[] = []
    const timer = setTimeout(() => {
      socket.destroy()
      reject(
        new Error(`no end of the answer within ${timeoutMs} ms: ${Buffer.concat(chunks).toString('latin1')}`),
      )
    }, timeoutMs)
    socket.on('data', (chunk) => chunks.push(chunk))
    // The server may close while we still write; what it said before counts.
    socket.on('error', () => undefined)
    socket.on('close', () => {
      clearTimeout(timer)
      resolve(readAnswers(Buffer.concat(chunks).toString('latin1')))
    })
  })
}

/** Answers one after the other; each has a Content-Length. */
function readAnswers(text: string): RawAnswer[] {
  const answers: RawAnswer[] = []
  for (let rest = text; rest.startsWith('HTTP/1.1 '); ) {
    const end = rest.indexOf('\r\n\r\n')
    const head = rest.slice(0, end)
    const length = Number(/^content-length: (\d+)$/im.exec(head)?.[1] ?? 0)
    answers.push({ status: Number(rest.slice(9, 12)), head, body: rest.slice(end + 4, end + 4 + length) })
    rest = rest.slice(end + 4 + length)
  }
  return answers
}
