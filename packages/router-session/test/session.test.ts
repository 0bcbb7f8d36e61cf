import { getEventListeners } from 'node:events'
import t, { type Test } from 'tap'
import { type ConnectOptions, connectDevice, type DeviceSession, type hasDeviceCode } from '../src/index.ts'
import {
  type DeviceEnd,
  type Script,
  type ScriptedDevice,
  sshDevice,
  telnetDevice,
} from './support/scripted-device.ts'

/** A lab answers at once. */
const quick = {
  questionQuietMs: 150,
  doubtfulPromptQuietMs: 80,
  loginPromptQuietMs: 20,
  echoQuietMs: { unknown: 200, yes: 10_000, no: 20 },
}

const PROMPT = 'RP/0/RSP0/CPU0:pe1#'
const VERSION = [
  'Wed Feb 10 14:33:27.147 UTC',
  '',
  'Cisco IOS XR Software, Version 6.1.4[Default]',
  '',
  'cisco ASR9K Series (Intel 686 F6M14S4) processor with 33554432K bytes of memory.',
].join('\r\n')
const VERSION64 = [
  'Cisco IOS XR Software, Version 6.3.2',
  '',
  'Build Information:',
  ' Version      : 6.3.2',
  '',
  'cisco NCS-5500 () processor',
].join('\r\n')

/** Answers one command; undefined: not one of ours, nothing is printed. */
type Answer = (command: string, device: DeviceEnd) => Promise<string | undefined> | string | undefined

/** A logged-in router that answers set-up and version by itself and the rest by `answer`. */
function router(answer: Answer = () => undefined, version = VERSION): Script {
  return async (device) => {
    device.send(`\r\n${PROMPT}`)
    for (;;) {
      const command = await device.readLine()
      device.send(`${command}\r\n`)
      const builtIn = command.startsWith('terminal ')
        ? ''
        : command === 'show version brief'
          ? version
          : undefined
      const output = builtIn ?? (await answer(command, device)) ?? ''
      device.send(`${output}${output === '' ? '' : '\r\n'}${PROMPT}`)
    }
  }
}

async function open(t: Test, script: Script, options: ConnectOptions = {}): Promise<DeviceSession> {
  const device = await sshDevice({ script })
  t.teardown(() => device.close())
  const session = await connectDevice(target(device, 'ssh'), { quietTimes: quick, ...options })
  t.teardown(() => session.close())
  return session
}

function target(device: ScriptedDevice, protocol: 'ssh' | 'telnet') {
  return { protocol, addresses: ['127.0.0.1'], ports: [device.port], username: 'lab', password: 'lab-secret' }
}

const failsWith = (code: Parameters<typeof hasDeviceCode>[1]) => ({ code }) as const

t.test('a command gives its output without echo, time stamp and prompt', async (t) => {
  const session = await open(
    t,
    router((command) =>
      command === 'show clock' ? 'Wed Feb 10 14:33:27.147 UTC\r\n14:33:27\r\n  end  ' : undefined,
    ),
  )
  const lines: string[] = []
  const result = await session.run('show clock', { onLine: (line) => lines.push(line) })
  t.match(result, { command: 'show clock', output: '14:33:27\n  end  ', failed: false, unsolicited: '' })
  t.ok(result.startedAt instanceof Date && result.elapsedMs >= 0)
  t.same(lines, ['14:33:27', '  end  '])
  t.equal(session.prompt, PROMPT)
  t.equal(session.platform.name, 'iosxr')
})

t.test('a refused command is a result, and the next one works', async (t) => {
  const session = await open(
    t,
    router((command) =>
      command === 'show nonsense' ? "        ^\r\n% Invalid input detected at '^' marker." : 'fine',
    ),
  )
  const refused = await session.run('show nonsense')
  t.match(refused, { failed: true, matched: "% Invalid input detected at '^' marker." })
  t.match(await session.run('show sense'), { failed: false, output: 'fine' })
})

t.test('commands asked for at once run one after the other', async (t) => {
  const session = await open(
    t,
    router((command) => `answer to ${command}`),
  )
  const results = await Promise.all(['one', 'two', 'three'].map((command) => session.run(command)))
  t.same(
    results.map(({ output }) => output),
    ['answer to one', 'answer to two', 'answer to three'],
  )
})

t.test('pages are turned and leave no trace', async (t) => {
  const session = await open(
    t,
    router(async (command, device) => {
      if (command !== 'show long') return undefined
      device.send('page 1\r\n --More-- ')
      await device.readLine()
      device.send('\r          \rpage 2\r\n --More-- ')
      await device.readLine()
      return '\b\b\b\b\b\b\b\b\b\b          \b\b\b\b\b\b\b\b\b\bpage 3'
    }),
  )
  t.equal((await session.run('show long')).output, 'page 1\npage 2\npage 3')
})

t.test('questions', async (t) => {
  const ask =
    (question: string): Answer =>
    async (command, device) => {
      if (!command.startsWith('admin')) return `got ${command}`
      device.send(question)
      const reply = await device.readLine()
      return `\r\nreply was ${reply === '\x03' ? 'an interrupt' : JSON.stringify(reply)}`
    }

  t.test('with an answer are answered, and secrets among them stay out of the log', async (t) => {
    const log: Buffer[] = []
    const session = await open(
      t,
      router(async (command, device) => {
        if (!command.startsWith('scp')) return undefined
        device.send('Password: ')
        const reply = await device.readLine()
        return `careless device echoes ${reply}`
      }),
      { log: (bytes) => log.push(bytes) },
    )
    let fenced = 0
    const result = await session.run('scp a b', {
      answers: [{ when: /Password:/, send: 'scp-secret-9', hidden: true, beforeWrite: () => (fenced += 1) }],
    })
    t.equal(result.failed, false)
    t.equal(fenced, 1)
    t.match(session.scrub(result.output), /echoes \*\*\*/)
    await session.close()
    const text = Buffer.concat(log).toString()
    t.match(text, /careless device echoes \*\*\*/)
    t.notMatch(text, /scp-secret-9|lab-secret/)
  })

  t.test('without an answer are interrupted, never confirmed', async (t) => {
    const session = await open(t, router(ask('Proceed with reload? [confirm]')))
    const result = await session.run('admin reload location all')
    t.match(result, { failed: true, matched: 'Proceed with reload? [confirm]' })
    t.match(result.output, /reply was an interrupt/)
    t.equal((await session.run('next')).output, 'got next')
  })

  t.test('asked again count as refused', async (t) => {
    const session = await open(
      t,
      router(async (command, device) => {
        if (command !== 'scp') return undefined
        let tries = 0
        for (let reply = ''; reply !== '\x03'; tries += 1) {
          device.send(`${tries === 0 ? '' : '\r\nPermission denied, please try again.\r\n'}Password: `)
          reply = await device.readLine()
        }
        return `\r\n${tries} tries`
      }),
    )
    const result = await session.run('scp', {
      answers: [{ when: /Password:/, send: 'x-secret-x', hidden: true }],
    })
    t.match(result, { failed: true, matched: 'Password:' })
    t.match(result.output, /2 tries/, 'the password went out once')
  })

  t.test('can stop the command, to be answered by the next or waited out', async (t) => {
    const session = await open(
      t,
      router(ask('This install operation will reboot the sdr, continue?\r\n [yes/no]:[yes] ')),
    )
    const stopped = await session.run('admin install activate x', { until: /continue\?/ })
    t.match(stopped, {
      stoppedAt: 'continue?',
      output: 'This install operation will reboot the sdr, continue?',
      failed: false,
    })
    const answered = await session.run('yes')
    t.match(answered.output, /reply was "yes"/)
    t.equal((await session.run('later')).output, 'got later')
  })

  t.test('resume reads on without sending anything', async (t) => {
    let go: () => void = () => {}
    const session = await open(
      t,
      router(async (command, device) => {
        if (command !== 'install') return undefined
        device.send('step 1\r\n')
        await new Promise<void>((resolve) => {
          go = resolve
        })
        return 'step 2'
      }),
    )
    t.match(await session.run('install', { until: /step 1/ }), { stoppedAt: 'step 1' })
    go()
    t.equal((await session.resume()).output, 'step 2')
  })
})

t.test('the fence', async (t) => {
  t.test('is called once, before the command is written', async (t) => {
    const seen: string[] = []
    const session = await open(
      t,
      router((command) => {
        seen.push(command)
        return undefined
      }),
    )
    seen.length = 0
    await session.run('install commit', { beforeWrite: () => seen.push('fence') })
    t.same(seen, ['fence', 'install commit'])
  })

  t.test('that throws keeps the command back and the session usable', async (t) => {
    const seen: string[] = []
    const session = await open(
      t,
      router((command) => {
        seen.push(command)
        return 'ok'
      }),
    )
    const lost = new Error('lease lost')
    await t.rejects(
      session.run('install commit', {
        beforeWrite: () => {
          throw lost
        },
      }),
      lost,
    )
    t.equal((await session.run('show clock')).output, 'ok')
    t.notOk(seen.includes('install commit'))
  })
})

t.test('messages nobody asked for', async (t) => {
  const message = 'May 31 20:15:10 Install operation 3 finished successfully'

  t.test('behind the prompt do not hide it, and are kept', async (t) => {
    const device: { end?: DeviceEnd } = {}
    const session = await open(t, async (end) => {
      device.end = end
      end.send(PROMPT)
      for (;;) {
        const command = await end.readLine()
        const output = command.startsWith('terminal')
          ? ''
          : command === 'show version brief'
            ? VERSION
            : 'out'
        end.send(`${command}\r\n${output}\r\n${PROMPT}${command === 'install add' ? message : ''}`)
      }
    })
    const result = await session.run('install add')
    t.equal(result.output, 'out')
    t.match(session.asynchronousText, message)
    t.match(result.unsolicited, message)
    t.equal((await session.run('show clock')).output, 'out', 'no further prompt is needed')
  })

  t.test('between commands reach listeners and waiters, and leave the next output clean', async (t) => {
    let end: DeviceEnd | undefined
    const session = await open(
      t,
      router((_command, device) => {
        end = device
        return 'out'
      }),
    )
    await session.run('show one')
    const heard: string[] = []
    session.onUnsolicited((line) => heard.push(line))
    const waited = session.waitForUnsolicited(/Install operation (\d+) finished/, { timeoutMs: 10_000 })
    end?.send(`${message}\r\n${PROMPT}`)
    t.equal((await waited)?.[1], '3')
    t.match(await session.run('show two'), { output: 'out', failed: false })
    t.same(heard, [message])
    t.ok(await session.waitForUnsolicited(/finished/, { timeoutMs: 1 }), 'the past counts')
    t.equal(await session.waitForUnsolicited(/never/, { timeoutMs: 1 }), undefined)
  })

  t.test('before the echo are told apart from the output', async (t) => {
    const session = await open(t, async (end) => {
      end.send(PROMPT)
      for (;;) {
        const command = await end.readLine()
        const output = command === 'show version brief' ? VERSION : ''
        const before = command === 'show clock' ? `${message}\r\n${PROMPT}` : ''
        end.send(`${before}${command}\r\n${output}\r\n${PROMPT}`)
      }
    })
    const result = await session.run('show clock')
    t.equal(result.output, '')
    t.match(result.unsolicited, message)
  })
})

t.test('prompts of other shapes are accepted', async (t) => {
  t.test('the default hostname after the configuration was lost, and a space behind', async (t) => {
    let prompt = PROMPT
    const session = await open(t, async (end) => {
      end.send(prompt)
      for (;;) {
        const command = await end.readLine()
        if (command === 'commit replace') prompt = 'RP/0/RSP0/CPU0:ios# '
        end.send(`${command}\r\n${command === 'show version brief' ? VERSION : 'x'}\r\n${prompt}`)
      }
    })
    t.equal((await session.run('commit replace')).output, 'x')
    t.equal(session.prompt, 'RP/0/RSP0/CPU0:ios#')
  })

  t.test('one glued to the end of a file', async (t) => {
    const session = await open(t, async (end) => {
      end.send(PROMPT)
      for (;;) {
        const command = await end.readLine()
        end.send(
          `${command}\r\n${command === 'show version brief' ? `${VERSION}\r\n` : ''}${command === 'more f' ? 'no line end' : ''}${PROMPT}`,
        )
      }
    })
    t.equal((await session.run('more f')).output, 'no line end')
  })

  t.test('a device without echo', async (t) => {
    const session = await open(t, async (end) => {
      end.send(PROMPT)
      for (;;) {
        const command = await end.readLine()
        end.send(`\r\n${command === 'show version brief' ? VERSION : 'quiet'}\r\n${PROMPT}`)
      }
    })
    t.equal((await session.run('show clock')).output, 'quiet')
  })
})

t.test('the admin plane', async (t) => {
  /** 64-bit XR; `login` plays what `admin` asks. */
  const exr =
    (login: (device: DeviceEnd) => Promise<boolean>): Script =>
    async (device) => {
      let admin = false
      device.send(PROMPT)
      for (;;) {
        const command = await device.readLine()
        device.send(`${command}\r\n`)
        if (command === 'admin' && !admin) admin = await login(device)
        else if (command === 'exit' && admin) admin = false
        else if (command === 'show version brief') device.send("% Invalid input detected at '^' marker.\r\n")
        else if (command === 'show version') device.send(`${VERSION64}\r\n`)
        else if (command === 'show inventory chassis' && admin)
          device.send(
            ' Name: Rack 0                Descr: NCS5500 8 Slot Single Chassis\r\n PID: NCS-5508               VID: V01                   SN: FGE194714QX\r\n',
          )
        else if (command === 'show users')
          device.send('*  vty0            lab                  telnet       0  00:00:06     192.0.2.1\r\n')
        else device.send(`${admin ? 'admin' : 'main'} ${command}\r\n`)
        device.send(admin ? 'sysadmin-vm:0_RP0# ' : PROMPT)
      }
    }
  const askLogin = async (device: DeviceEnd) => {
    device.send('Admin Username:')
    const name = await device.readLine()
    device.send(`${name}\r\nPassword: `)
    const password = await device.readLine()
    if (name === 'lab' && password === 'lab-secret')
      device.send(`\r\n${name} connected from 127.0.0.1 using console on xr-vm_node0_RP0_CPU0\r\n`)
    else device.send('\r\nAuthentication failed\r\n')
    return name === 'lab' && password === 'lab-secret'
  }

  t.test('is entered with credentials, worked in and left', async (t) => {
    const session = await open(t, exr(askLogin))
    t.equal(session.platform.name, 'iosxr64')
    const output = await session.inAdminPlane(async (run) => (await run('show x')).output)
    t.equal(output, 'admin show x')
    t.equal((await session.run('show x')).output, 'main show x')
  })

  t.test('is left when the work fails', async (t) => {
    const session = await open(
      t,
      exr(async () => true),
    )
    await t.rejects(
      session.inAdminPlane(() => Promise.reject(new Error('changed my mind'))),
      /changed my mind/,
    )
    t.equal((await session.run('show x')).output, 'main show x')
  })

  t.test('that refuses in words fails, even when it lets us in', async (t) => {
    const session = await open(
      t,
      exr(async (device) => {
        device.send('Authentication failed\r\n')
        return true
      }),
    )
    await t.rejects(
      session.inAdminPlane((run) => run('show x')),
      failsWith('DEVICE_AUTH_FAILED'),
    )
    t.equal((await session.run('show x')).output, 'main show x', 'and the session is back')
  })

  t.test('that falls back by itself is noticed', async (t) => {
    const session = await open(
      t,
      exr(async () => true),
    )
    await t.rejects(
      session.inAdminPlane(async (run) => {
        await run('exit')
        await run('show x')
      }),
      failsWith('DEVICE_PROMPT_LOST'),
    )
    t.equal((await session.run('show x')).output, 'main show x')
  })

  t.test('gives discovery the chassis', async (t) => {
    const session = await open(t, exr(askLogin))
    t.match(await session.discover(), {
      hostname: 'pe1',
      family: 'NCS5500',
      chassis: 'NCS-5508',
      osType: 'eXR',
      version: '6.3.2',
      softwarePlatform: 'NCS5500',
      console: false,
      udi: { name: 'Rack 0', pid: 'NCS-5508', sn: 'FGE194714QX' },
    })
  })
})

t.test('the end of a session', async (t) => {
  let reached = () => {}
  const stuck: Answer = (command, device) => {
    if (command === 'hang') reached()
    if (command === 'hang up') device.hangUp()
    if (command === 'hang') return new Promise(() => {})
    return undefined
  }

  t.test('by the device rejects the command and resolves closed', async (t) => {
    const session = await open(t, router(stuck))
    await t.rejects(session.run('hang up'), failsWith('DEVICE_DISCONNECTED'))
    await session.closed
    await t.rejects(session.run('show clock'), failsWith('DEVICE_DISCONNECTED'))
  })

  t.test('by time-out tells the last words, without secrets', async (t) => {
    const session = await open(
      t,
      router((_command, device) => {
        device.send(`trying sftp://ops:hidden-pw@h with lab-secret\r\n`)
        return stuck('hang', device)
      }),
    )
    const error = await session.run('show hang', { timeoutMs: 50 }).catch((thrown: unknown) => thrown)
    t.match(error, { code: 'DEVICE_TIMEOUT', deviceText: 'trying sftp://ops:***@h with ***' })
    await session.closed
  })

  t.test('by silence counts from the last output', async (t) => {
    const session = await open(t, router(stuck))
    await t.rejects(session.run('hang', { idleTimeoutMs: 30 }), /no output for 0.03 s/)
  })

  t.test('by abort is clean', async (t) => {
    const session = await open(t, router(stuck))
    const controller = new AbortController()
    const sent = new Promise<void>((resolve) => {
      reached = resolve
    })
    const running = session.run('hang', { signal: controller.signal })
    const waiting = session.run('never sent', { signal: controller.signal })
    await sent
    controller.abort()
    await t.rejects(running, failsWith('DEVICE_ABORTED'))
    await t.rejects(waiting, failsWith('DEVICE_ABORTED'))
    await session.closed
  })

  t.test('a line that was logged out is noticed', async (t) => {
    const session = await open(
      t,
      router((_command, device) => {
        device.send('\r\nPress RETURN to get started.\r\n')
        return new Promise(() => {})
      }),
    )
    await t.rejects(session.run('reload'), failsWith('DEVICE_DISCONNECTED'))
  })

  t.test('close is safe at any time and often', async (t) => {
    const session = await open(t, router(stuck))
    const running = session.run('hang')
    await Promise.all([
      t.rejects(running, failsWith('DEVICE_DISCONNECTED')),
      session.close(),
      session.close(),
    ])
    await session.close()
  })

  t.test('a command of two lines is not sent', async (t) => {
    const session = await open(
      t,
      router(() => 'x'),
    )
    await t.rejects(session.run('show a\nreload'), failsWith('DEVICE_UNSUPPORTED'))
    t.equal((await session.run('show a')).output, 'x')
  })
})

t.test('ten megabytes come whole, over Telnet too', async (t) => {
  const line = 'interface TenGigE0/0/0/1 description a line of a long configuration\r\n'
  const count = 150_000
  const device = await telnetDevice(
    router((command) => (command === 'show big' ? line.repeat(count).trimEnd() : undefined)),
  )
  t.teardown(() => device.close())
  const session = await connectDevice(target(device, 'telnet'))
  t.teardown(() => session.close())
  const { output } = await session.run('show big')
  t.equal(output.length, (line.length - 1) * count - 1)
})

t.test('nothing is left behind', async (t) => {
  const device = await sshDevice({ script: router(() => 'x') })
  t.teardown(() => device.close())
  const controller = new AbortController()
  const session = await connectDevice(target(device, 'ssh'), { signal: controller.signal })
  for (let i = 0; i < 20; i += 1)
    await session.run('show x', { signal: controller.signal, timeoutMs: 60_000 })
  await session.close()
  t.equal(getEventListeners(controller.signal, 'abort').length, 0)
  const timers = process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout')
  t.ok(timers.length <= 2, `timers left: ${timers.length}`)
})
