// What is hardly HTTP.
import type { Test } from 'tap'
import { sendRaw } from '../harness/raw-http.ts'
import { adminPassword } from '../harness/slipway.ts'
import type { NastyWorld } from './nasty-world.ts'
import { basic } from './world.ts'

export async function hardlyHttp(t: Test, { slipway, unchanged }: NastyWorld): Promise<void> {
  t.test(
    'what is hardly HTTP is 400 in the envelope, and nothing of it becomes a second request',
    async (t) => {
      const authorization = `Authorization: ${basic('root', adminPassword)}`
      const smuggled = `POST /api/v1/regions HTTP/1.1\r\nHost: x\r\n${authorization}\r\nContent-Type: application/json\r\nContent-Length: 25\r\n\r\n{"region_name":"smuggled"}`
      const lines = (...all: string[]) => `${all.join('\r\n')}\r\n\r\n`
      const get = 'GET /api/v1/regions HTTP/1.1'
      const requests: Record<string, string> = {
        'no Host': lines(get, authorization, 'Connection: close'),
        'two Hosts': lines(get, 'Host: a', 'Host: b', authorization, 'Connection: close'),
        'two Content-Lengths':
          lines(get, 'Host: x', authorization, 'Content-Length: 0', 'Content-Length: 5') + smuggled,
        'chunked and Content-Length': `${lines(
          'POST /api/v1/regions HTTP/1.1',
          'Host: x',
          authorization,
          'Content-Length: 5',
          'Transfer-Encoding: chunked',
        )}0\r\n\r\n${smuggled}`,
        'chunked twice': `${lines(
          'POST /api/v1/regions HTTP/1.1',
          'Host: x',
          authorization,
          'Transfer-Encoding: chunked, chunked',
        )}0\r\n\r\n${smuggled}`,
        'an unknown coding':
          lines('POST /api/v1/regions HTTP/1.1', 'Host: x', authorization, 'Transfer-Encoding: xchunked') +
          smuggled,
        'a negative length': lines(get, 'Host: x', authorization, 'Content-Length: -1') + smuggled,
        'a blank before the colon': lines(get, 'Host : x', authorization),
        'a folded header': lines(get, 'Host: x', 'X-A: b\r\n c\0', authorization),
        'a NUL in a header': lines(get, 'Host: x', 'X-A: a\0b', authorization),
        'no HTTP at all': '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n',
        'an unknown version': lines('GET /api/v1/regions HTTP/3.7', 'Host: x', authorization),
        'a bad chunk': `${lines(
          'POST /api/v1/regions HTTP/1.1',
          'Host: x',
          authorization,
          'Content-Type: application/json',
          'Transfer-Encoding: chunked',
        )}zz\r\n`,
      }
      for (const [what, request] of Object.entries(requests)) {
        const answers = await sendRaw(slipway.url, Buffer.from(request, 'latin1'))
        t.ok(answers.length <= 1, `${what}: one answer at most`)
        t.equal(answers[0]?.status, 400, what)
        t.match(answers[0]?.body, /^\{"api_response":\{"status":"FAILED"/, what)
      }
      await unchanged(t)
    },
  )

  t.test(
    'floods of headers, methods nobody knows and odd expectations are answered in the envelope',
    async (t) => {
      const authorization = `Authorization: ${basic('root', adminPassword)}`
      const request = (method: string, ...headers: string[]) =>
        [
          `${method} /api/v1/regions HTTP/1.1`,
          'Host: x',
          authorization,
          'Connection: close',
          ...headers,
          '',
          '',
        ].join('\r\n')
      const many = Array.from({ length: 3_000 }, (_, i) => `X-${i}: y`)
      const cases: [string, string, number[]][] = [
        ['one long header', request('GET', `X-Long: ${'x'.repeat(100_000)}`), [431]],
        ['many headers', request('GET', ...many), [200, 431]],
        ['an expectation', request('GET', 'Expect: the-unexpected'), [200]],
        ['an upgrade', request('GET', 'Upgrade: websocket', 'Sec-WebSocket-Key: x'), [200]],
        ['TRACE', request('TRACE'), [405]],
        ['PROPFIND', request('PROPFIND'), [405]],
        ['a method of our own', request('STEAL'), [400, 405]],
        ['an absolute URL', request('GET').replace('/api/v1', 'http://x/api/v1'), [200, 404]],
      ]
      for (const [what, bytes, statuses] of cases) {
        const [answer] = await sendRaw(slipway.url, bytes)
        t.ok(statuses.includes(answer?.status ?? 0), `${what}: ${answer?.status}`)
        t.match(answer?.body, /^\{"api_response":/, what)
      }
    },
  )
}
