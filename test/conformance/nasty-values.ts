// What nobody should send, and somebody will.

const deep = (open: string, close: string) => open.repeat(10_000) + close.repeat(10_000)

/** Bodies that no endpoint can take; sent as they are. */
export const nastyBodies: Record<string, string | Uint8Array> = {
  'a list in a list': '[[]]',
  'a number in a list': '[7]',
  null: 'null',
  true: 'true',
  'a number': '-7e3',
  'a string': '"hostname"',
  'a huge number': '[1e999999]',
  'a prototype': '{"__proto__":{"polluted":1}}',
  'a constructor': '{"constructor":{"prototype":{"polluted":1}},"toString":1,"hasOwnProperty":1}',
  'a list nested 10,000 deep': deep('[', ']'),
  'an object nested 10,000 deep': `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`,
  'a value nested 10,000 deep': `{"hostname":${deep('[', ']')}}`,
  'a key twice': '{"hostname":"a","region_name":"a","hostname":"b","region_name":"b"}',
  'a key twice, once escaped': '{"hostname":"a","host\\u006eame":"b"}',
  'an escaped NUL': '{"hostname":"a\\u0000b","region_name":"a\\u0000b","profile_name":"a\\u0000b"}',
  'a NUL': '{"hostname":"a\0b"}',
  'lone surrogates': '{"hostname":"\\ud800","region_name":"\\udc00","profile_name":"\\ud800x"}',
  'a lone surrogate as key': '{"\\ud800":1}',
  'no UTF-8': Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]),
  'UTF-16': Buffer.from('{"hostname":"a"}', 'utf16le'),
  'two objects': '{}{}',
  'half an object': '{"hostname":',
  'a comment': '/* x */ {"hostname":"a"}',
  'an operator of a query':
    '{"hostname":{"contains":""},"region_name":{"not":null},"profile_name":{"in":["a"]}}',
  'operators everywhere': '[{"OR":[{}],"AND":[],"NOT":{},"where":{},"select":{},"include":{}}]',
  'ten thousand keys': JSON.stringify(
    Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`k${i}`, i])),
  ),
}

/** Texts that would be more than a name to a router, a database, a file system or a page. */
export const nastyTexts: string[] = [
  'a\nreload',
  'a\r\nconfigure',
  'a\u0000b',
  'a\u001b[2J',
  'a\u0003',
  'a\u007f',
  'a\u0085b',
  'a|b',
  'a;b',
  'a?',
  'a&b',
  'a`id`',
  '$(id)',
  'a"b',
  "a' OR '1'='1",
  "'; DROP TABLE host; --",
  'a\\b',
  'a<script>',
  '{"contains":""}',
  '\ud800',
  '１２３',
  '𝟙𝟚',
  'ａ',
  'x'.repeat(5_000),
]

/** Values that no field takes. */
export const nastyValues: unknown[] = [
  true,
  1.5,
  -1,
  1e300,
  {},
  { contains: '' },
  { equals: 'a' },
  [[]],
  [{}],
  [null],
  [true],
  { length: 1, 0: 'a' },
]

/** Content-Types that are not JSON, and some that are, oddly written; as raw header values. */
export const oddContentTypes: string[] = [
  '\tapplication/json',
  '   application/json',
  'application/json\t;\tcharset=utf-8',
  'application/json;;;',
  'application/json; charset=utf-16',
  'application/json; charset="',
  'application/jsonp',
  'text/plain\t',
  ';',
  '/',
  'application/',
  'multipart/form-data; boundary=x',
  'application/json, text/plain',
  'ä/ö',
  `application/json; x=${'y'.repeat(4_000)}`,
]

/** Parts of paths. */
export const nastyPaths: string[] = [
  '%00',
  '%zz',
  '%ff%fe',
  '%C0%AE%C0%AE',
  '..%2f..%2fetc',
  '%2e%2e',
  '%0d%0aSet-Cookie:x',
  '%20',
  '%ED%A0%80',
  "'%20OR%201=1",
  '*',
  'a%3Bb',
  'x'.repeat(4_100),
  '%41'.repeat(2_000),
  '１',
  '99999999999999999999999',
  '-1',
  '0x10',
  '1e3',
]

/** Queries; `{}` stands for the name of a parameter. */
export const nastyQueries: string[] = [
  '{}[contains]=a',
  '{}[]=a',
  '{}=a&{}=b',
  '{}',
  '{}=',
  '{}=%00',
  '{}=%ED%A0%80',
  '{}=%ff',
  '{}=1%20OR%201=1',
  '{}=99999999999999999999999',
  '{}=-1',
  '{}=%EF%BC%91',
  '{}=1e3',
  '__proto__=1',
  'constructor=1',
  '__proto__[x]=1',
  `{}=${'x'.repeat(8_000)}`,
  `${'a=1&'.repeat(1_000)}`,
  '&&&===&',
]
