// Bodies as a whole: what they are, how large they are, what they are said to be.
import { gzipSync } from 'node:zlib'
import type { Test } from 'tap'
import { sendRaw } from '../harness/raw-http.ts'
import { adminPassword } from '../harness/slipway.ts'
import { nastyBodies, oddContentTypes } from './nasty-values.ts'
import { fill, isRefusal, type NastyWorld, tell } from './nasty-world.ts'
import { basic } from './world.ts'

export async function bodies(t: Test, { ask, changing, unchanged }: NastyWorld): Promise<void> {
  t.test('bodies that nobody can take are refused by every operation', async (t) => {
    for (const { method, path } of changing) {
      const wrong: string[] = []
      for (const [what, body] of Object.entries(nastyBodies)) {
        const answer = await ask(method, fill(path, 'no-such'), { body })
        if (!isRefusal(answer)) wrong.push(tell(what, answer))
      }
      t.same(wrong, [], `${method} ${path}`)
    }
    t.notOk('polluted' in {}, 'prototypes are as they were')
    await unchanged(t)
  })

  t.test('10,001 rows are 413 wherever rows are taken', async (t) => {
    const body = JSON.stringify(Array(10_001).fill({}))
    for (const { method, path } of changing) {
      const answer = await ask(method, fill(path, 'no-such'), { body })
      t.equal(answer.status, 413, tell(path, answer))
    }
    await unchanged(t)
  })

  t.test('compressed bodies are refused', async (t) => {
    const body = gzipSync(JSON.stringify({ region_name: 'zipped' }))
    for (const encoding of ['gzip', 'br', 'deflate', 'x', 'gzip, gzip']) {
      const headers = { 'content-type': 'application/json', 'content-encoding': encoding }
      for (const { path } of changing) {
        const answer = await ask('POST', fill(path, 'no-such'), { body, headers })
        t.ok(isRefusal(answer), tell(`${path} ${encoding}`, answer))
      }
    }
    await unchanged(t)
  })
}

export async function largeBodies(t: Test, { ask, slipway, changing, unchanged }: NastyWorld): Promise<void> {
  t.test(
    'a body of 64 MB is 413, announced or chunked, and the connection is not cut before the answer',
    async (t) => {
      const big = Buffer.alloc(64 * 1024 * 1024, 0x20)
      t.equal((await ask('POST', '/hosts', { body: big })).status, 413)
      // The limit itself is enough here.
      for (const { path } of changing) {
        const answer = await ask('POST', fill(path, 'no-such'), {
          body: big.subarray(0, 16 * 1024 * 1024 + 1),
        })
        t.equal(answer.status, 413, tell(path, answer))
      }
      const ignored = await ask('DELETE', '/regions/no-such/delete', { body: big.subarray(0, 20_000_000) })
      t.match(
        ignored.body.api_response['status_message'],
        /does not exist/,
        'ignored, as all bodies of DELETE',
      )
      const authorization = basic('root', adminPassword)
      const head = `POST /api/v1/hosts HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization}\r\nConnection: close\r\n`
      const chunk = Buffer.concat([
        Buffer.from('1000000\r\n'),
        big.subarray(0, 16 * 1024 * 1024),
        Buffer.from('\r\n'),
      ])
      const chunked = Buffer.from(
        `${head}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`,
      )
      const end = Buffer.from('0\r\n\r\n')
      const [answer] = await sendRaw(slipway.url, Buffer.concat([chunked, chunk, chunk, end]), 30_000)
      t.equal(answer?.status, 413, 'chunked')
      await unchanged(t)
    },
  )
}

export async function contentTypes(t: Test, { slipway, changing, unchanged }: NastyWorld): Promise<void> {
  t.test('odd Content-Types are read or refused, never stumbled over', async (t) => {
    const authorization = basic('root', adminPassword)
    const body = '{"no":"such"}'
    for (const type of oddContentTypes) {
      const others = [
        { method: 'GET', path: '/regions' },
        { method: 'DELETE', path: '/regions/x/delete' },
        { method: 'POST', path: '/no' },
      ]
      for (const { method, path } of [...changing, ...others]) {
        const request = [
          `${method} /api/v1${fill(path, 'no-such')} HTTP/1.1`,
          'Host: x',
          `Authorization: ${authorization}`,
          `Content-Type: ${type}`,
          `Content-Length: ${body.length}`,
          'Connection: close',
          '',
          body,
        ].join('\r\n')
        const [answer] = await sendRaw(slipway.url, Buffer.from(request, 'latin1'))
        t.ok(
          answer !== undefined && answer.status < 500,
          `${method} ${path} ${JSON.stringify(type.slice(0, 40)).replace(/[^ -~]/g, '?')}`,
        )
        t.match(answer?.body, /"api_response"/)
      }
    }
    await unchanged(t)
  })
}
