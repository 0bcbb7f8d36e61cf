import fc from 'fast-check'
import t from 'tap'
import type { Channel } from '../src/channel/channel.ts'
import { createCommandReader } from '../src/channel/command-reader.ts'
import { createControlStripper } from '../src/channel/control-codes.ts'
import { findEcho } from '../src/channel/echo.ts'
import { createOutputBuffer } from '../src/channel/output-buffer.ts'
import { createTerminalLines } from '../src/channel/terminal-lines.ts'
import { quietTimes } from '../src/channel/timing.ts'
import { createLogScrub, iosxr, iosxr64, scrub } from '../src/index.ts'
import {
  AUTH_REFUSED,
  MESSAGE_START,
  MORE,
  PASSWORD_PROMPT,
  QUESTION,
  TIMESTAMP_LINE,
  USERNAME_PROMPT,
} from '../src/platform/texts.ts'
import { createTelnetDecoder, escapeTelnet } from '../src/transport/telnet-options.ts'

const bytes = (...values: number[]) => Buffer.from(values)
const [IAC, DO, DONT, WILL, WONT, SB, SE] = [255, 253, 254, 251, 252, 250, 240]

t.test('Telnet options', async (t) => {
  const answer = (input: Buffer) => createTelnetDecoder().push(input)

  t.test(
    'echo, go-ahead, terminal type and window size are agreed to, everything else is refused',
    async (t) => {
      t.same(answer(bytes(IAC, WILL, 1)).reply, bytes(IAC, DO, 1))
      t.same(answer(bytes(IAC, WILL, 3)).reply, bytes(IAC, DO, 3))
      t.same(answer(bytes(IAC, DO, 3)).reply, bytes(IAC, WILL, 3))
      t.same(answer(bytes(IAC, DO, 24)).reply, bytes(IAC, WILL, 24))
      t.same(answer(bytes(IAC, DO, 31)).reply, bytes(IAC, WILL, 31, IAC, SB, 31, 1, 244, 1, 244, IAC, SE))
      t.same(answer(bytes(IAC, DO, 1)).reply, bytes(IAC, WONT, 1))
      t.same(answer(bytes(IAC, DO, 32)).reply, bytes(IAC, WONT, 32))
      t.same(answer(bytes(IAC, WILL, 5)).reply, bytes(IAC, DONT, 5))
    },
  )

  t.test('an answer is given once, so two talkative sides do not loop', async (t) => {
    const decoder = createTelnetDecoder()
    t.equal(decoder.push(bytes(IAC, WILL, 1)).reply.length, 3)
    t.equal(decoder.push(bytes(IAC, WILL, 1)).reply.length, 0)
    t.same(decoder.push(bytes(IAC, WONT, 1)).reply, bytes(IAC, DONT, 1))
    t.equal(decoder.push(bytes(IAC, WONT, 1)).reply.length, 0)
    t.equal(decoder.push(bytes(IAC, DONT, 99)).reply.length, 0)
  })

  t.test('the terminal type is told when asked', async (t) => {
    const { reply } = answer(bytes(IAC, SB, 24, 1, IAC, SE))
    t.equal(reply.toString('latin1'), '\xff\xfa\x18\x00vt220\xff\xf0')
  })

  t.test('commands vanish from the text wherever the stream is cut', async (t) => {
    const stream = Buffer.concat([
      Buffer.from('User'),
      bytes(IAC, WILL, 1, IAC, DO, 24, IAC, SB, 24, 1, IAC, SE, IAC, 241),
      Buffer.from('name\r\0: '),
      bytes(IAC, IAC),
      Buffer.from('\r\n!'),
    ])
    const whole = createTelnetDecoder().push(stream)
    t.equal(whole.data.toString('latin1'), 'Username\r: \xff\r\n!')
    t.doesNotThrow(() =>
      fc.assert(
        fc.property(fc.array(fc.nat(stream.length), { maxLength: 8 }), (cuts) => {
          const decoder = createTelnetDecoder()
          const points = [0, ...cuts.sort((a, b) => a - b), stream.length]
          const parts = points.slice(1).map((end, i) => decoder.push(stream.subarray(points[i], end)))
          return (
            Buffer.concat(parts.map(({ data }) => data)).equals(whole.data) &&
            Buffer.concat(parts.map(({ reply }) => reply)).equals(whole.reply)
          )
        }),
      ),
    )
    t.same(escapeTelnet(bytes(1, 255, 2)), bytes(1, 255, 255, 2))
  })

  t.test('arbitrary bytes do no harm', async (t) => {
    t.doesNotThrow(() =>
      fc.assert(
        fc.property(fc.array(fc.uint8Array({ maxLength: 60 })), (chunks) => {
          const decoder = createTelnetDecoder()
          for (const chunk of chunks) decoder.push(Buffer.from(chunk))
        }),
      ),
    )
  })
})

t.test('terminal text', async (t) => {
  const show = (...chunks: string[]) => {
    const strip = createControlStripper()
    const lines = createTerminalLines()
    return chunks.map((chunk) => lines.push(strip(chunk))).join('') + lines.line
  }

  t.test('is what a person would see', async (t) => {
    t.equal(show('a\r\nb\r\r\nc\n\rd'), 'a\nb\nc\nd')
    t.equal(show('\x1b[1;31mred\x1b[0m \x1b]0;title\x07ok\x07'), 'red ok')
    t.equal(show('\x1b[', '7mx\x1b', '[27my\x1b(B'), 'xy', 'also when a sequence is cut')
    t.equal(show('/ 1%\r| 2%\r- 3%\n'), '- 3%\n')
    t.equal(show('abc\b \bd'), 'abd')
    t.equal(show(' --More-- \b\b\b\b\b\b\b\b\b\b          \b\b\b\b\b\b\b\b\b\bnext\n'), 'next\n')
    t.equal(show(' --More-- \r          \rnext\n'), 'next\n')
    t.equal(show(' --More-- \r\x1b[Knext\n'), 'next\n')
    t.equal(show('keep  \n'), 'keep  \n', 'blanks the device meant stay')
  })

  t.test('does not depend on how the stream is cut', async (t) => {
    const piece = fc.constantFrom(
      'a',
      'bc ',
      '\r',
      '\n',
      '\b',
      '\x1b[1m',
      '\x1b[K',
      '\r\n',
      '\t',
      ' --More-- ',
    )
    t.doesNotThrow(() =>
      fc.assert(
        fc.property(
          fc.array(piece, { maxLength: 40 }),
          fc.array(fc.nat(80), { maxLength: 6 }),
          (pieces, cuts) => {
            const text = pieces.join('')
            const points = [0, ...cuts.sort((a, b) => a - b), text.length]
            return show(text) === show(...points.slice(1).map((end, i) => text.slice(points[i], end)))
          },
        ),
      ),
    )
  })
})

t.test('output buffers drop the time stamp, tell lines and find text once', async (t) => {
  const lines: string[] = []
  const buffer = createOutputBuffer((line) => lines.push(line))
  buffer.push('\nWed Feb 10 14:33:27.147 UTC\nfirst\nProceed? [confirm]')
  t.same(lines, ['first'])
  t.equal(buffer.search([/never/, /\[confirm\]/])?.index, 1)
  t.equal(buffer.search([/never/, /\[confirm\]/]), undefined)
  buffer.push('\nagain [confirm]')
  t.equal(buffer.search([/\[confirm\]/])?.match[0], '[confirm]')
  t.equal(buffer.text(), 'first\nProceed? [confirm]\nagain [confirm]')
  const long = createOutputBuffer()
  for (let i = 0; i < 5000; i += 1) long.push(`line ${i}\n`)
  t.equal(long.text().split('\n').length, 5001)
  t.ok(long.recent().endsWith('line 4999\n'))
  t.equal(long.text().slice(long.position(0)), long.recent())
})

t.test('echoes are found', async (t) => {
  const prompt = iosxr.main.prompt
  const find = (head: string, command: string) => findEcho(head, command, [prompt])

  t.test('plain, wrapped and scrolled', async (t) => {
    t.same(find('show version\r\nout', 'show version'), { before: '', after: 'out' })
    t.same(find('show ver\r\nsion\r\nout', 'show version'), { before: '', after: 'out' })
    t.same(find('show ver \rsion\r\nout', 'show version'), { before: '', after: 'out' })
    t.same(find('show   version \r\n', 'show version'), { before: '', after: '' })
    t.same(find('$activate disk0:x-1.0.0\r\nout', 'admin install activate disk0:x-1.0.0'), {
      before: '',
      after: 'out',
    })
    t.same(find('\r\nRP/0/RP0/CPU0:ios#', ''), { before: '', after: 'RP/0/RP0/CPU0:ios#' })
  })

  t.test('only when complete', async (t) => {
    t.equal(find('show vers', 'show version'), undefined)
    t.equal(find('show version', 'show version'), undefined)
    t.equal(find('', 'show version'), undefined)
  })

  t.test('behind messages and a repeated prompt', async (t) => {
    const message = 'May 31 20:15:10 Install operation 3 finished successfully\r\n'
    t.same(find(`${message}RP/0/RP0/CPU0:ios#y\r\nout`, 'y'), {
      before: `${message}RP/0/RP0/CPU0:ios#`,
      after: 'out',
    })
    t.equal(find(message, 'y'), undefined, 'a short command is not seen inside a message')
  })
})

t.test('the answer to a command does not depend on how the stream is cut', async (t) => {
  const prompt = 'RP/0/RP0/CPU0:pe1#'
  const message = 'May 31 20:15:10 Install operation 3 finished successfully\r\n'
  const channel: Channel = {
    open: true,
    reason: undefined,
    closed: new Promise(() => {}),
    newline: '\n',
    scrub: createLogScrub([]),
    timing: quietTimes,
    write: () => {},
    settled: async () => {},
    attach: () => () => {},
    onIdle: () => {},
    keep: () => {},
    flushLog: () => {},
    close: async () => {},
  }
  const run = (chunks: string[]) => {
    const reader = createCommandReader(channel, {
      command: 'show x',
      prompts: [{ pattern: iosxr.main.prompt, quietMs: 1 }],
      lastPrompt: prompt,
      echo: { echoes: 'unknown' },
      continues: false,
    })
    let step = reader.start?.()
    for (const chunk of chunks) step = reader.read(chunk)
    while (step?.kind === 'wait' && step.quiet !== undefined) step = step.quiet.then()
    return step?.kind === 'done' ? step.value : undefined
  }
  const line = fc.constantFrom(
    'interface x',
    'RP/0/RP0/CPU0:',
    ' ! #',
    'y\rz',
    'Error: no',
    '',
    'sysadmin-vm:0_RP0#',
    'ab\bc',
  )
  const before = fc.constantFrom('', `${prompt}`, `${message}${prompt}`, message)
  const after = fc.constantFrom('', ' ', message, `${message}${prompt}`)
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(
        before,
        fc.array(line),
        after,
        fc.array(fc.nat(400), { maxLength: 8 }),
        (head, lines, tail, cuts) => {
          const text = `${head}show x\r\n${lines.map((each) => `${each}\r\n`).join('')}${prompt}${tail}`
          const points = [
            0,
            ...cuts.map((cut) => Math.min(cut, text.length)).sort((a, b) => a - b),
            text.length,
          ]
          const whole = run([text])
          const parts = run(points.slice(1).map((end, i) => text.slice(points[i], end)))
          const shown = lines.map((each) => each.replace('y\rz', 'z').replace('ab\bc', 'ac')).join('\n')
          return (
            whole?.output.trim() === shown.trim() &&
            JSON.stringify(parts?.output) === JSON.stringify(whole.output)
          )
        },
      ),
      { numRuns: 500 },
    ),
  )
})

t.test('prompts', async (t) => {
  const matches = (prompt: RegExp, text: string) => prompt.exec(text)?.[0] === text
  for (const text of [
    'RP/0/RSP0/CPU0:host#',
    'RP/0/RP1/CPU0:ios#',
    'RP/0/7/CPU0:GSR-PE19#',
    'RP/0/RP0:ncs4k#',
    'RP/0/0/CPU0:ios#',
    'RP/0/RP0/CPU0:a.b_c(config-if)#',
  ])
    t.ok(matches(iosxr.main.prompt, text), text)
  for (const text of [
    'sysadmin-vm:0_RP0#',
    'sysadmin-vm:0_RSP0#',
    'sysadmin-vm:0_RP0:6K-651#',
    'sysadmin-vm_node0_RP0:x#',
    'sysadmin-vm:0_RP0(config)#',
  ])
    t.ok(matches(iosxr64.admin.prompt, text), text)
  for (const text of ['Router#', 'RP/0/RP0/CPU0:May 31 20:15:10 x#', 'sysadmin-vm:0_RP0', '#'])
    t.notOk(matches(iosxr.main.prompt, text), text)
  t.equal(iosxr.main.prompt.exec('RP/0/RSP0/CPU0:pe1(admin)#')?.groups?.['mode'], 'admin')
  t.ok(matches(iosxr.admin.prompt, 'RP/0/RSP0/CPU0:pe1(admin)#'))
})

t.test('every failure marker matches its own sample', async (t) => {
  for (const platform of [iosxr, iosxr64])
    for (const { pattern, sample } of platform.failures) t.match(sample, pattern)
})

t.test('device texts', async (t) => {
  const all = (pattern: RegExp, yes: string[], no: string[]) => {
    for (const text of yes) t.ok(pattern.test(text), `${pattern} matches ${text}`)
    for (const text of no) t.notOk(pattern.test(text), `${pattern} does not match ${text}`)
  }
  all(
    USERNAME_PROMPT,
    ['Username: ', 'login:', 'host login: ', 'System Admin Username: '],
    ['Last login: ', 'Username: root', 'Please login: now'],
  )
  all(
    PASSWORD_PROMPT,
    ['Password: ', "root@host's password:", 'Password :', 'This is your AD password:'],
    ['password is required', 'Password: x'],
  )
  all(
    AUTH_REFUSED,
    ['% Authentication failed', '\nLogin incorrect', '% Bad passwords', '% Login invalid'],
    ['Access by not authorized persons'],
  )
  all(
    TIMESTAMP_LINE,
    ['Wed Feb 10 14:33:27.147 UTC', 'Fri Sep  2  13:58:27.395 UTC', 'Wed Jul 27 13:07:56.221 CEST'],
    ['Wednesday', 'May 31 20:15:10 Install operation 3'],
  )
  all(MORE, [' --More-- ', '--More--', 'x --More--'], ['--More-- x'])
  all(
    MESSAGE_START,
    ['May 31 20:15:10 Install', 'RP/0/RP0/CPU0:May 31 20:15:10.1 : x', '%SYS-5-X: y'],
    ['show version'],
  )
  all(
    QUESTION,
    [
      'Proceed? [confirm]',
      'continue? [yes/no]:[yes] ',
      'Do you wish to continue?[confirm(y/n)]',
      'Continue ? [no]:',
      'Reload hardware module ? [no,yes]',
      'Destination filename [x.txt]?',
      'Password:',
      'Overwrite? (y/n)',
    ],
    ['interface [x] y', 'no question', 'Active Packages: [2] x'],
  )
})

t.test('secrets', async (t) => {
  t.test('in transfer URLs are masked', async (t) => {
    t.equal(
      scrub('add source sftp://ops:s3cr3t@192.0.2.1/dir x'),
      'add source sftp://ops:***@192.0.2.1/dir x',
    )
    t.equal(scrub('ftp://a:p@ss:w/rd@h;VRF/d'), 'ftp://a:***@h;VRF/d')
    t.equal(scrub('scp://a:x@h SFTP://B:Y@h'), 'scp://a:***@h SFTP://B:***@h')
    t.equal(scrub('tftp://h/dir and sftp://ops@h:22/dir'), 'tftp://h/dir and sftp://ops@h:22/dir')
  })

  t.test('in one-time links are masked, though nobody knows them', async (t) => {
    const link = (token: string) => `install add source http://10.0.0.1:5000/download/link/${token} a.rpm\n`
    const token = 'aZ_-'.repeat(10).concat('xyz')
    t.equal(scrub(link(token)), link('***'))
    t.equal(scrub(link('short')), link('short'))
    const log = createLogScrub([])
    const halves = [link(token).slice(0, 60), link(token).slice(60)].map((text) =>
      log.push(Buffer.from(text)),
    )
    t.equal(Buffer.concat([...halves, log.flush()]).toString(), link('***'))
  })

  t.test('are masked in a stream however it is cut or wrapped', async (t) => {
    const secret = 'Tr0ub4dor&3'
    const piece = fc.constantFrom(
      'ftp://u:urlpass@h/',
      secret,
      'T',
      'Tr0ub',
      ' ',
      '\r\n',
      'text ',
      `${secret.slice(0, 5)}\r\n${secret.slice(5)}`,
      `${secret.slice(0, 3)} \r${secret.slice(3)}`,
      encodeURIComponent(secret),
    )
    const run = (text: string, cuts: number[]) => {
      const filter = createLogScrub([secret])
      const points = [0, ...cuts.map((cut) => Math.min(cut, text.length)).sort((a, b) => a - b), text.length]
      const parts = points.slice(1).map((end, i) => filter.push(Buffer.from(text.slice(points[i], end))))
      return Buffer.concat([...parts, filter.flush()]).toString()
    }
    t.doesNotThrow(() =>
      fc.assert(
        fc.property(
          fc.array(piece, { maxLength: 12 }),
          fc.array(fc.nat(120), { maxLength: 8 }),
          (pieces, cuts) => {
            const out = run(pieces.join(''), cuts).replace(/[\r\n ]/g, '')
            return (
              !out.includes(secret) && !out.includes('urlpass') && !out.includes(encodeURIComponent(secret))
            )
          },
        ),
      ),
    )
  })

  t.test('do not change anything else, whatever its bytes', async (t) => {
    t.doesNotThrow(() =>
      fc.assert(
        fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), (chunks) => {
          const filter = createLogScrub(['never-in-there-1'])
          const out = Buffer.concat([
            ...chunks.map((chunk) => filter.push(Buffer.from(chunk))),
            filter.flush(),
          ])
          const all = Buffer.concat(chunks)
          return all.includes('://') || out.equals(all)
        }),
      ),
    )
    const filter = createLogScrub(['lab'])
    t.equal(filter.scrubText('label lab slab'), 'label *** slab', 'a short secret only as a word')
    filter.addSecret('later-secret')
    t.equal(filter.scrubText('a later-secret'), 'a ***')
    t.equal(createLogScrub(['pass(word)*']).scrubText('x pass(word)* y'), 'x *** y')
  })
})
