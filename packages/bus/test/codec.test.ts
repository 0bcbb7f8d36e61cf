import { isDeepStrictEqual } from 'node:util'
import { deflateSync } from 'node:zlib'
import fc from 'fast-check'
import t from 'tap'
import {
  createFrameCollector,
  decodeMessage,
  deflateAbove,
  type Frame,
  frameSize,
  headerNames,
  joinFrames,
  messageLimit,
  pack,
  readCaller,
  readTimeoutMs,
  serialize,
  splitFrames,
  toHeaderText,
  usableRequestId,
  writeCaller,
} from '../src/index.ts'

const subject = 'probe'
const encodeMessage = async (value: unknown, of: string) => pack(serialize(value, of))
/** JSON values as JSON itself would bring them back (no -0). */
const values = fc
  .jsonValue({ maxDepth: 6 })
  .map((value): unknown => JSON.parse(JSON.stringify(value)))
  .filter((value) => !JSON.stringify(value).includes('__proto__'))

t.test('what is encoded comes back as it was', async (t) => {
  await fc.assert(
    fc.asyncProperty(values, async (value) => {
      const encoded = await encodeMessage(value, subject)
      return isDeepStrictEqual(await decodeMessage(encoded, subject), value)
    }),
    { numRuns: 200 },
  )
  t.pass()
})

t.test('strings of any code units come back, lone surrogates too', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 50 }), fc.nat(0xffff), async (text, unit) => {
      const value = [text, String.fromCharCode(unit), { [`${text}\ud800`]: text }]
      const encoded = await encodeMessage(value, subject)
      return JSON.stringify(await decodeMessage(encoded, subject)) === JSON.stringify(value)
    }),
    { numRuns: 200 },
  )
  t.pass()
})

t.test('a message is deflated above 64 KiB where that makes it smaller', async (t) => {
  const small = await encodeMessage('x'.repeat(deflateAbove - 2), subject)
  t.equal(small.encoding, 'json')
  const large = await encodeMessage('x'.repeat(deflateAbove - 1), subject)
  t.equal(large.encoding, 'deflate')
  t.ok(large.bytes.length < 1_000)
})

t.test('a value that would not arrive as it is, is refused by its place', async (t) => {
  const cycle: Record<string, unknown> = {}
  cycle['self'] = cycle
  let deep: unknown = 1
  for (let depth = 0; depth < 10_000; depth++) deep = [deep]
  const refused: [unknown, RegExp][] = [
    [undefined, /: a undefined cannot travel/],
    [{ a: [1, undefined] }, /\/a\/1: a undefined/],
    [{ a: { b: Number.NaN } }, /\/a\/b: not a finite number/],
    [[Number.NEGATIVE_INFINITY], /\/0: not a finite number/],
    [{ a: 1n }, /\/a: a bigint/],
    [{ a: () => 1 }, /\/a: a function/],
    [{ a: Symbol('s') }, /\/a: a symbol/],
    [{ a: new Map() }, /\/a: not a plain object/],
    [{ a: new Error('secret words') }, /\/a: not a plain object/],
    [{ a: JSON.parse('{"__proto__":1}') }, /\/a: key __proto__/],
    [cycle, /nested too deeply/],
    [deep, /nested too deeply/],
    [
      {
        toJSON() {
          throw new Error('secret words')
        },
      },
      /cannot be written as JSON/,
    ],
    [{ toJSON: () => undefined }, /cannot be written as JSON/],
  ]
  for (const [value, reason] of refused) {
    const error = await encodeMessage(value, subject).catch((thrown) => thrown)
    t.equal(error.code, 'BUS_INVALID_PAYLOAD')
    t.match(error.message, reason)
    t.notMatch(error.message, /secret/)
  }
  const date = new Date(0)
  t.same(await decodeMessage(await encodeMessage({ at: date, left: undefined }, subject), subject), {
    at: '1970-01-01T00:00:00.000Z',
  })
})

t.test('bytes that are no message are refused without being quoted', async (t) => {
  const bad: [string, Uint8Array, 'json' | 'deflate'][] = [
    ['not JSON', Buffer.from('{"password":secret words}'), 'json'],
    ['nothing', Buffer.alloc(0), 'json'],
    ['not UTF-8', Buffer.from([0x22, 0xff, 0xfe, 0x22]), 'json'],
    ['a byte order mark', Buffer.from('\ufeff{}'), 'json'],
    ['not deflated', Buffer.from('{}'), 'deflate'],
    ['cut short', deflateSync('"secret words"').subarray(0, 12), 'deflate'],
    ['a prototype', Buffer.from('{"a":{"__proto__":{}}}'), 'json'],
    ['an escaped prototype', Buffer.from('{"\\u005f_pr\\u006Fto__" : {}}'), 'json'],
  ]
  for (const [what, bytes, encoding] of bad) {
    const error = await decodeMessage({ encoding, bytes }, subject).catch((thrown) => thrown)
    t.match(error, { code: 'BUS_INVALID_PAYLOAD' }, what)
    t.notMatch(String(error), /secret/)
  }
  await fc.assert(
    fc.asyncProperty(fc.uint8Array(), fc.constantFrom('json', 'deflate'), async (bytes, encoding) => {
      const outcome = decodeMessage({ encoding, bytes }, subject)
      return outcome.then(
        (value) => value !== undefined,
        (error) => error.code === 'BUS_INVALID_PAYLOAD',
      )
    }),
  )
})

t.test('a small message cannot inflate beyond the limit', async (t) => {
  const bomb = deflateSync(Buffer.alloc(messageLimit + 1, 0x20))
  t.ok(bomb.length < 64 * 1024)
  await t.rejects(decodeMessage({ encoding: 'deflate', bytes: bomb }, subject), { code: 'BUS_TOO_LARGE' })
  const large = Buffer.alloc(messageLimit + 1, 0x20)
  await t.rejects(decodeMessage({ encoding: 'json', bytes: large }, subject), { code: 'BUS_TOO_LARGE' })
})

t.test('frames join to what was split, in any order and with repetitions', (t) => {
  const shuffled = fc.integer({ min: 0, max: 3 * frameSize + 10 }).chain((length) => {
    const frames = splitFrames(Buffer.alloc(length, length % 251))
    return fc.tuple(fc.constant(length), fc.shuffledSubarray(frames, { minLength: frames.length }))
  })
  fc.assert(
    fc.property(shuffled, ([length, frames]) => {
      const [first] = frames
      const twice = first === undefined ? frames : [first, ...frames]
      const joined = joinFrames(twice, subject)
      return Buffer.alloc(length, length % 251).equals(joined)
    }),
    { numRuns: 30 },
  )
  for (const length of [0, 1, frameSize, frameSize + 1, 2 * frameSize]) {
    const frames = splitFrames(Buffer.alloc(length))
    t.equal(frames.length, Math.max(1, Math.ceil(length / frameSize)), `${length} bytes`)
    t.ok(frames.every((frame) => frame.bytes.length <= frameSize))
  }
  t.end()
})

t.test('a message of random order keeps its bytes apart', (t) => {
  const bytes = Buffer.alloc(2 * frameSize + 5)
  for (let index = 0; index < bytes.length; index++) bytes[index] = index % 253
  t.ok(bytes.equals(joinFrames(splitFrames(bytes).reverse(), subject)))
  t.end()
})

t.test('frames that do not fit together are refused', (t) => {
  const full = Buffer.alloc(frameSize)
  const bad: [string, Frame[], string][] = [
    ['none', [], 'BUS_INVALID_PAYLOAD'],
    ['one missing', [{ index: 0, count: 2, bytes: full }], 'BUS_INVALID_PAYLOAD'],
    ['an index beyond the count', [{ index: 2, count: 2, bytes: full }], 'BUS_INVALID_PAYLOAD'],
    ['a negative index', [{ index: -1, count: 2, bytes: full }], 'BUS_INVALID_PAYLOAD'],
    ['a half index', [{ index: 0.5, count: 2, bytes: full }], 'BUS_INVALID_PAYLOAD'],
    ['no count', [{ index: 0, count: Number.NaN, bytes: full }], 'BUS_INVALID_PAYLOAD'],
    ['too many', [{ index: 0, count: 1_000_000, bytes: full }], 'BUS_TOO_LARGE'],
    ['a short one in the middle', [{ index: 0, count: 2, bytes: full.subarray(1) }], 'BUS_INVALID_PAYLOAD'],
    [
      'a long one at the end',
      [{ index: 0, count: 1, bytes: Buffer.alloc(frameSize + 1) }],
      'BUS_INVALID_PAYLOAD',
    ],
    [
      'a count that changes',
      [
        { index: 0, count: 3, bytes: full },
        { index: 1, count: 2, bytes: full },
      ],
      'BUS_INVALID_PAYLOAD',
    ],
  ]
  for (const [what, frames, code] of bad) t.throws(() => joinFrames(frames, subject), { code }, what)
  t.throws(() => splitFrames(Buffer.alloc(messageLimit + 1)), { code: 'BUS_TOO_LARGE' })
  t.equal(splitFrames(Buffer.alloc(messageLimit)).length, 64)
  t.equal(createFrameCollector(subject).add({ index: 0, count: 2, bytes: full }), undefined)
  t.end()
})

t.test('header values are printable ASCII and read back', (t) => {
  const usernames = fc.string({ unit: 'binary', maxLength: 30 })
  fc.assert(
    fc.property(usernames, (username) => {
      const caller = { username, privilege: 'Operator' as const }
      const text = writeCaller(caller)
      const values = [text, toHeaderText(username), usableRequestId(username)]
      const readBack = readCaller({ [headerNames.caller]: text })
      return values.every((value) => /^[\x20-\x7e]*$/.test(value)) && isDeepStrictEqual(readBack, caller)
    }),
    { numRuns: 200 },
  )
  for (const text of ['', '{', 'null', '{"username":"a"}', '{"username":"a","privilege":"Root"}']) {
    t.equal(readCaller({ [headerNames.caller]: text }), undefined, text)
  }
  t.equal(usableRequestId('req-1'), 'req-1')
  t.end()
})

t.test('a deadline in a header is used only if a timer can keep it', (t) => {
  const read = (text: string) => readTimeoutMs({ [headerNames.timeoutMs]: text }, 5_000)
  t.equal(readTimeoutMs({}, 5_000), 5_000)
  t.equal(read('250'), 250)
  for (const text of ['', '0', '-1', '1.5', 'soon', 'Infinity']) t.equal(read(text), 5_000, text)
  t.equal(read('99999999999'), 2_147_483_647)
  t.end()
})
