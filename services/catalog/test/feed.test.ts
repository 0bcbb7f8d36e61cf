// Reading a feed: what is taken, what is skipped and told, what is refused; and whom it may be asked of.
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { guardedLookup, isRefusedAddress, isRefusedHost } from '../src/feed/address-guard.ts'
import { isFeedFailure } from '../src/feed/feed-failure.ts'
import { feedLimits } from '../src/feed/feed-limits.ts'
import { createFeedParser } from '../src/feed/feed-parser.ts'
import { decodeFeed, readText } from '../src/feed/feed-text.ts'
import { createHttpFeed, type HttpFeedOptions, parseBase } from '../src/feed/http-feed.ts'
import { parseReleaseList } from '../src/feed/release-list.ts'
import { feedXml, smuXml } from './support.ts'

const px = { platform: 'asr9k_px', release: '5.3.3' }

function parse(...pieces: string[]) {
  const parser = createFeedParser(px)
  for (const piece of pieces) parser.write(piece)
  return parser.end()
}

/** Why it is refused, with the line if one is told. */
async function refusal(work: () => unknown): Promise<string> {
  try {
    await work()
    return 'not refused'
  } catch (error) {
    if (!isFeedFailure(error)) throw error
    return error.line === undefined ? error.reason : `${error.line}: ${error.reason}`
  }
}

async function* bytes(...pieces: (string | Uint8Array)[]) {
  for (const piece of pieces) yield typeof piece === 'string' ? Buffer.from(piece) : piece
}

t.test('every child of an entry is read, at whatever depth', async (t) => {
  const xml = `<a><b><platform>ASR9K-PX</platform><release>5.3.3</release></b><creationDate> now </creationDate>
<smuSuffix>pie</smuSuffix><platformMDFID><pid>P</pid><mdfID>M</mdfID></platformMDFID><list>
<smu id=" AA1 " status="Posted"><name>N</name><smuType>PSIRT</smuType><smuCategory>C</smuCategory>
<postedDate>04/27/2016 21:39:38 PDT</postedDate><customerETA>E</customerETA><ddts>D1, D2</ddts>
<description><![CDATA[less < & ]]>more &amp; &#x41;</description><impact>I</impact><supercedes>
 a,
 b ,,</supercedes><supercededBy>c</supercededBy><pre-requisites>d</pre-requisites><ccoFileName>F</ccoFileName>
<x><functionalAreas>A</functionalAreas></x><packageBundles>PB</packageBundles><packageNames>n1,n2</packageNames>
<packageMD5>m1,m2</packageMD5><compressedImageSize>1</compressedImageSize>
<unCompressedImageSize>2</unCompressedImageSize><compositeDDTS>X</compositeDDTS><name>second</name></smu>
<smuIntransit id="AA2" status="In Transit"><name>N</name></smuIntransit><sp id="AA3" status="Posted"><name>N</name></sp>
<tar id="AA4" status="Posted"><name>N</name></tar></list></a>`
  const { header, entries, skipped } = parse(xml)
  t.same(skipped, [])
  t.same(header, {
    platform: 'ASR9K-PX',
    release: '5.3.3',
    creationDate: 'now',
    smuSuffix: 'pie',
    pid: 'P',
    mdfId: 'M',
  })
  t.same(entries[0], {
    kind: 'smu',
    id: 'AA1',
    name: 'N',
    status: 'Posted',
    type: 'PSIRT',
    category: 'C',
    postedDate: '04/27/2016 21:39:38 PDT',
    eta: 'E',
    ddts: 'D1,D2',
    description: 'less < & more & A',
    impact: 'I',
    functionalAreas: 'A',
    packageBundles: 'PB',
    compositeDdts: 'X',
    ccoFileName: 'F',
    compressedImageSize: '1',
    uncompressedImageSize: '2',
    supersedes: ['a', 'b'],
    supersededBy: ['c'],
    prerequisites: ['d'],
    packageNames: ['n1', 'n2'],
    packageDigests: ['m1', 'm2'],
  })
  t.same(
    entries.slice(1).map(({ kind, name, description }) => [kind, name, description]),
    [
      ['in-transit', 'N', ''],
      ['sp', 'N', ''],
      ['tar', 'N', ''],
    ],
    'a missing child is empty',
  )
  for (const at of [1, 37, 500, 1_000]) t.same(parse(xml.slice(0, at), xml.slice(at)).entries, entries)
})

t.test('a bad entry is skipped with its line and why', async (t) => {
  const bad = [
    '<smu status="Posted"><name>a</name></smu>',
    '<smu id="1"><name>a</name></smu>',
    '<smu id="1" status="Posted"></smu>',
    '<smu id="1" status="Posted"><name>a,b</name></smu>',
    '<smu id="1" status="Posted"><name>a</name><postedDate>2016-04-27</postedDate></smu>',
    '<smu id="1" status="Posted"><name>a</name><postedDate>02/30/2016 00:00:00 PST</postedDate></smu>',
    '<smu id="1" status="Posted"><name>a</name><compressedImageSize>1 MB</compressedImageSize></smu>',
    smuXml('good').trim(),
    smuXml('good').trim(),
  ]
  const { entries, skipped } = parse(feedXml('d', bad.join('\n')))
  t.same(
    entries.map(({ name }) => name),
    ['good'],
  )
  t.same(
    skipped.map(({ line, reason }) => `${line} ${reason}`),
    [
      '3 has no id',
      '4 has no status',
      '5 has no name',
      '6 has an invalid id, status or name',
      '7 has an invalid postedDate',
      '8 has an invalid postedDate',
      '9 has an invalid image size',
      '11 has the name of an earlier entry',
    ],
  )
})

t.test('a bad file is refused as a whole, without a word of it', async (t) => {
  const doctype = '<!DOCTYPE feed [<!ENTITY lol "lol"><!ENTITY x SYSTEM "file:///etc/passwd">]>'
  const cases: [string, string, string][] = [
    [
      'a document type',
      `${doctype}${feedXml('d', smuXml('&lol;'))}`,
      '1: declares a document type, which is refused',
    ],
    ['an entity', feedXml('d', smuXml('&lol;')), '3: is not well-formed XML'],
    ['not XML', 'root:x:0:0:root:/root:/bin/sh\n', '2: is not well-formed XML'],
    ['cut off', feedXml('d', smuXml('a')).slice(0, -9), '3: is not well-formed XML'],
    ['a page', '<html><body><name>x</name></body></html>', 'is not a software feed'],
    [
      'another release',
      feedXml('d', '').replace('5.3.3', '5.3.4'),
      'says it belongs to another platform or release',
    ],
    ['nothing good', feedXml('d', '<smu/>'), 'holds no entry that can be used'],
    ['too deep', feedXml('d', '<d>'.repeat(40)), '3: is nested too deeply'],
    [
      'attributes',
      feedXml('d', `<smu ${Array.from({ length: 40 }, (_, n) => `a${n}=""`).join(' ')}/>`),
      '3: holds an element with too many attributes',
    ],
    [
      'an attribute',
      feedXml('d', `<smu id="${'x'.repeat(2_000)}"/>`),
      '3: holds an attribute that is too long',
    ],
    [
      'a text',
      feedXml('d', smuXml('a', `<description>${'x'.repeat(200_001)}</description>`)),
      '3: holds a text that is too long',
    ],
  ]
  for (const [name, xml, reason] of cases) t.equal(await refusal(() => parse(xml)), reason, name)
  t.equal(parse(feedXml('d', '')).entries.length, 0, 'a release may have no software')
})

t.test('a file holds as many entries as the limit says, no more', async (t) => {
  const many = (count: number) => {
    const parser = createFeedParser(px)
    parser.write(feedXml('d', '').replace('</feed>', smuXml('first')))
    // Entries without anything are met, skipped and soon read.
    for (let left = count - 1; left > 0; left -= 1_000) parser.write('<smu/>'.repeat(Math.min(left, 1_000)))
    parser.write('</feed>')
    return parser.end()
  }
  t.equal(many(feedLimits.entries).skipped.length, feedLimits.entries - 1)
  t.match(await refusal(() => many(feedLimits.entries + 1)), /holds too many entries$/)
})

t.test('text comes in the encoding the file declares, within its limit', async (t) => {
  const latin = Buffer.from('<?xml version="1.0" encoding="ISO-8859-1"?><a>\u00e9</a>', 'latin1')
  t.match(await readText(bytes(latin), 100), '\u00e9')
  const euro = Buffer.from('\u20ac')
  t.equal(await readText(bytes(euro.subarray(0, 1), euro.subarray(1)), 100), '\u20ac', 'in two pieces')
  t.equal(await refusal(() => readText(bytes(Buffer.from([0x41, 0xff])), 10)), 'is not text in its encoding')
  t.equal(await refusal(() => readText(bytes(euro.subarray(0, 2)), 10)), 'is not text in its encoding')
  t.equal(await refusal(() => readText(bytes('12345', '678901'), 10)), 'is larger than 10 bytes')
  const odd = '<?xml version="1.0" encoding="EBCDIC"?><a/>'
  t.equal(await refusal(() => readText(bytes(odd), 100)), 'is in an encoding that is not supported')
  for await (const _piece of decodeFeed(bytes(), 1)) t.fail('nothing has no text')
})

t.test('catalog.dat is read line by line, split at the last underscore', async (t) => {
  t.same(
    parseReleaseList(
      '\ufeffasr9k_px_5.3.3\r\nasr9k_x64_sysadmin_6.1.0.06I\n\nasr9k_px_5.3.3\n../etc_1.2\nx\n',
    ),
    {
      releases: [px, { platform: 'asr9k_x64_sysadmin', release: '6.1.0.06I' }],
      skipped: [
        { line: 5, reason: 'is not <platform>_<release>' },
        { line: 6, reason: 'is not <platform>_<release>' },
      ],
    },
  )
  t.equal(await refusal(() => parseReleaseList('root:x:0:0\n')), 'names no platform and release')
  t.equal(await refusal(() => parseReleaseList('\n'.repeat(20_000))), 'has too many lines')
  const page = '<html>\nsecret_1.2\n</html>\n'
  t.equal(await refusal(() => parseReleaseList(page)), 'is no list of platforms and releases')
  t.equal(await refusal(() => parseReleaseList('a_1.2\nx\n\n')), 'is no list of platforms and releases')
  t.equal(await refusal(() => parseReleaseList('a_1.2\nx\nb_1.2\n\n')), 'not refused', 'most are good')
})

t.test('whatever is read, it is taken or refused in our words', async (t) => {
  const piece = fc.constantFrom(
    ...[
      '<smu id="1" status="Posted">',
      '</smu>',
      '<name>',
      '</name>',
      'x',
      '<feed>',
      '</feed>',
      '&amp;',
      '&x;',
      '<!--',
      '-->',
    ],
    ...[
      '<![CDATA[',
      ']]>',
      '<?xml version="1.0"?>',
      '<creationDate>',
      '</creationDate>',
      '\n',
      '<',
      '>',
      '"',
      '\u0000',
      '\ud800',
    ],
  )
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(piece, { maxLength: 20 }).map((parts) => parts.join('')),
  )
  await t.resolves(
    fc.assert(
      fc.asyncProperty(text, async (xml) => {
        const said = await refusal(() => parse(xml))
        return /^(?:\d+: )?[a-z ,-]+$/i.test(said)
      }),
      { numRuns: 500 },
    ),
  )
})

t.test('link-local and metadata addresses are refused, however they are written', async (t) => {
  const refused = [
    '169.254.169.254',
    '169.254.0.1',
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    '64:ff9b::169.254.169.254',
    '2002:a9fe:a9fe::1',
    '::169.254.169.254',
    'fe80::1',
    'fe80::1%eth0',
    'febf::1',
    'fd00:ec2::254',
    '100.100.100.200',
    '168.63.129.16',
    'not an address',
  ]
  for (const address of refused) t.ok(isRefusedAddress(address), address)
  for (const address of [
    '127.0.0.1',
    '::1',
    '10.0.0.1',
    '192.168.1.1',
    'fd00::1',
    '8.8.8.8',
    '169.253.0.1',
  ]) {
    t.notOk(isRefusedAddress(address), address)
  }
  for (const host of ['[fe80::1]', '[::ffff:a9fe:a9fe]', 'METADATA.google.internal.', 'metadata']) {
    t.ok(isRefusedHost(host), host)
  }
  t.notOk(isRefusedHost('feeds.lab.internal'))
  for (const url of [
    'http://169.254.169.254/latest/',
    'http://2852039166/',
    'http://0xa9fea9fe/',
    'http://[fe80::1]/',
    'http://user:secret@lab/feed',
    'http://lab/feed?x=1',
    'ftp://lab/feed',
    'file:///etc/passwd',
    'http://',
  ]) {
    t.throws(() => parseBase(url), { code: 'CATALOG_SOURCE_INVALID' }, url)
  }
  t.throws(() => parseBase('http://user:secret@lab/'), { message: /^(?!.*secret)/s })
  t.equal(parseBase('http://lab:8080/feed').href, 'http://lab:8080/feed/')
})

t.test('a name is refused if one of its addresses is', async (t) => {
  const looked = (addresses: string[]) =>
    new Promise((resolve) => {
      guardedLookup((_host, _options, done) =>
        done(
          null,
          addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
        ),
      )('lab', {}, (error, address) => resolve(error?.code ?? address))
    })
  t.equal(await looked(['127.0.0.1', '::1']), '127.0.0.1')
  t.equal(await looked(['10.0.0.1', '169.254.169.254']), 'EREFUSEDADDRESS')
  t.equal(await looked([]), 'EREFUSEDADDRESS')
})

async function serve(t: Test, listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  await once(server, 'listening')
  const address = server.address()
  return `127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
}

t.test('files come over HTTP within limits, every redirect checked', async (t) => {
  const asked: string[] = []
  const at = await serve(t, ({ url = '', headers }, response) => {
    asked.push(`${url} ${headers['accept-encoding']}`)
    const redirect = (location: string) => response.writeHead(302, { location }).end('never read')
    if (url === '/feed/good') response.end('content')
    else if (url === '/feed/moved') redirect('/feed/good')
    else if (url === '/feed/metadata') redirect('http://169.254.169.254/latest/')
    else if (url === '/feed/named') redirect('http://innocent.example/latest/')
    else if (url === '/feed/file') redirect('file:///etc/passwd')
    else if (url === '/feed/circle') redirect('/feed/circle')
    else if (url === '/feed/packed') response.writeHead(200, { 'content-encoding': 'gzip' }).end('x')
    else if (url === '/feed/silent') response.write('begins')
    else response.writeHead(404).end('a page that is not quoted')
  })
  const options: HttpFeedOptions = {
    idleTimeoutMs: 200,
    fileTimeoutMs: 5_000,
    resolveName: (_host, _options, done) => done(null, [{ address: '169.254.169.254', family: 4 }]),
  }
  const feed = createHttpFeed(parseBase(`http://${at}/feed`), options)
  const get = (file: string) =>
    refusal(async () => t.equal(await readText(feed.open(file), 1_000), 'content'))
  t.equal(await get('good'), 'not refused')
  t.equal(await get('moved'), 'not refused')
  t.equal(await get('metadata'), 'leads to an address that is refused')
  t.equal(await get('named'), 'leads to an address that is refused')
  t.equal(await get('file'), 'is redirected to what is no HTTP URL')
  t.equal(await get('circle'), 'is redirected too often')
  t.equal(await get('packed'), 'came in a Content-Encoding that was not asked for')
  t.equal(await get('absent'), 'was answered with status 404')
  t.equal(await get('silent'), 'did not arrive in time')
  t.ok(asked.every((each) => each.endsWith(' identity')))
  const slow = createHttpFeed(parseBase(`http://${at}/feed`), {
    ...options,
    idleTimeoutMs: 9_000,
    fileTimeoutMs: 200,
  })
  t.equal(await refusal(() => readText(slow.open('silent'), 1_000)), 'did not arrive in time')
  const nowhere = createHttpFeed(parseBase('http://127.0.0.1:1/'), options)
  t.equal(await refusal(() => readText(nowhere.open('x'), 1_000)), 'could not be fetched')
  const stopped = createHttpFeed(parseBase(`http://${at}/feed`), {
    ...options,
    signal: AbortSignal.abort(new Error('stop')),
  })
  await t.rejects(readText(stopped.open('good'), 1_000), { message: 'stop' })
})
