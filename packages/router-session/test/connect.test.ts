import { createServer } from 'node:net'
import t, { type Test } from 'tap'
import {
  type ConnectOptions,
  connectDevice,
  type DeviceSession,
  type DeviceTarget,
  reconnectDevice,
  tcpDial,
} from '../src/index.ts'
import {
  acceptPassword,
  commandLoop,
  type DeviceEnd,
  type Script,
  type ScriptedDevice,
  sshDevice,
  telnetDevice,
} from './support/scripted-device.ts'

const PROMPT = 'RP/0/RSP0/CPU0:pe1#'
const VERSION = 'Cisco IOS XR Software, Version 6.1.4\r\n\r\ncisco ASR9K Series (Intel) processor'
const answers = { 'show version brief': VERSION }
const quick = { silenceMs: 250, unaskedPromptQuietMs: 100, loginPromptQuietMs: 20, questionQuietMs: 150 }

/** The usual login, `lab` and `lab-secret`, then commands. */
const login =
  (before = ''): Script =>
  async (device) => {
    device.send(`${before}\r\nUsername: `)
    const name = await device.readLine()
    device.send(`${name}\r\nPassword: `)
    const password = await device.readLine()
    if (name !== 'lab' || password !== 'lab-secret') {
      device.send('\r\n% Authentication failed\r\n\r\nUsername: ')
      await device.readLine()
      return
    }
    device.send('\r\n')
    await commandLoop(PROMPT, answers)(device)
  }

function target(protocol: 'ssh' | 'telnet', ...ports: number[]): DeviceTarget {
  return { protocol, addresses: ['127.0.0.1'], ports, username: 'lab', password: 'lab-secret' }
}

async function device(t: Test, made: Promise<ScriptedDevice>): Promise<ScriptedDevice> {
  const started = await made
  t.teardown(() => started.close())
  return started
}

async function connect(t: Test, to: DeviceTarget, options: ConnectOptions = {}): Promise<DeviceSession> {
  const session = await connectDevice(to, { quietTimes: quick, ...options })
  t.teardown(() => session.close())
  return session
}

async function failure(to: DeviceTarget, options: ConnectOptions = {}): Promise<unknown> {
  return connectDevice(to, { quietTimes: quick, ...options }).catch((error: unknown) => error)
}

/** A port nobody listens on. */
async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

t.test('Telnet login', async (t) => {
  t.test('does not trust banners', async (t) => {
    const banner = [
      '#################################',
      '#  no login: without password:  #',
      'Router> and RP/0/RSP0/CPU0:fake# are not prompts',
      'not authorized access is prohibited',
      ' --More-- is not a pager',
      'Password:',
      'Username:',
    ].join('\r\n')
    const { port } = await device(t, telnetDevice(login(banner)))
    const session = await connect(t, target('telnet', port))
    t.equal(session.prompt, PROMPT)
  })

  t.test('waits for a banner that comes in pieces', async (t) => {
    const { port } = await device(
      t,
      telnetDevice(async (end) => {
        for (const piece of [
          'Welcome, user',
          'name: is what we ask, then Password: ',
          'and you are in\r\n',
        ]) {
          end.send(piece)
          await new Promise((resolve) => setImmediate(resolve))
        }
        await login()(end)
      }),
    )
    t.equal((await connect(t, target('telnet', port))).prompt, PROMPT)
  })

  t.test('presses Enter into silence, twice if need be, as consoles want', async (t) => {
    const { port } = await device(
      t,
      telnetDevice(async (end) => {
        await end.readLine()
        await end.readLine()
        await login('\r\nrouter con0/RSP0/CPU0 is now available\r\n')(end)
      }),
    )
    t.equal((await connect(t, target('telnet', port))).prompt, PROMPT)
  })

  t.test('checks a prompt that came without any login', async (t) => {
    const sent: string[] = []
    const { port } = await device(
      t,
      telnetDevice(async (end) => {
        end.send(`\r\n${PROMPT}`)
        sent.push(await end.readLine())
        end.send('\r\n')
        await commandLoop(PROMPT, answers)(end)
      }),
    )
    await connect(t, target('telnet', port))
    t.same(sent, [''])
  })

  t.test('answers a line password and RETURN, and leaves pagers', async (t) => {
    const { port } = await device(
      t,
      telnetDevice(async (end) => {
        end.send('\r\nlegal text\r\n --More-- ')
        t.equal(await end.readLine(), 'q')
        end.send('\r\n\r\nPress RETURN to get started.\r\n')
        t.equal(await end.readLine(), '')
        end.send('Password: ')
        t.equal(await end.readLine(), 'lab-secret')
        end.send('\r\n')
        await commandLoop(PROMPT, answers)(end)
      }),
    )
    await connect(t, target('telnet', port))
  })

  t.test('works with servers that want options agreed, and that send none', async (t) => {
    for (const offers of [[], [255, 253, 24, 255, 253, 31, 255, 251, 1, 255, 251, 3, 255, 253, 39]]) {
      const { port } = await device(t, telnetDevice(login(), offers))
      t.equal((await connect(t, target('telnet', port))).prompt, PROMPT)
    }
  })

  const refusals: [name: string, code: string, script: Script][] = [
    ['a wrong password', 'DEVICE_AUTH_FAILED', login()],
    [
      'a second password prompt',
      'DEVICE_AUTH_FAILED',
      async (end) => {
        for (;;) {
          end.send('Password: ')
          await end.readLine()
          end.send('\r\n')
        }
      },
    ],
    [
      'a hang-up with the refusal',
      'DEVICE_AUTH_FAILED',
      async (end) => {
        end.send('Password: ')
        await end.readLine()
        end.send('\r\nLogin incorrect\r\n')
        end.hangUp()
      },
    ],
    [
      'an expired password',
      'DEVICE_PASSWORD_EXPIRED',
      async (end) => {
        end.send('Password: ')
        await end.readLine()
        end.send('\r\nYour password has expired.\r\nEnter new password: ')
        t.equal(await end.readLine().catch(() => 'nothing'), 'nothing', 'it is never answered')
      },
    ],
    [
      'a standby console',
      'DEVICE_STANDBY',
      async (end) => {
        end.send('\r\nThis (D)RP Node is not ready or active for login /configuration\r\n')
        await end.readLine()
      },
    ],
    ['a configuration mode', 'DEVICE_NOT_GLOBAL_MODE', commandLoop('RP/0/RSP0/CPU0:pe1(config)#', {})],
    ['the sysadmin machine', 'DEVICE_NOT_GLOBAL_MODE', commandLoop('sysadmin-vm:0_RP0# ', {})],
    ['the boot loader', 'DEVICE_PROMPT_LOST', commandLoop('rommon 1 > ', {})],
    [
      'busy lines',
      'DEVICE_CONNECTION_REFUSED',
      async (end) => {
        end.send('% All lines busy, try again later\r\n')
        await end.readLine()
      },
    ],
    ['a hang-up', 'DEVICE_DISCONNECTED', async (end) => end.hangUp()],
    [
      'another operating system',
      'DEVICE_UNSUPPORTED',
      async (end) => {
        end.send('Password: ')
        await end.readLine()
        await commandLoop('\r\nRouter#', {})(end)
      },
    ],
  ]
  for (const [name, code, script] of refusals) {
    t.test(`is refused by ${name}`, async (t) => {
      const { port } = await device(t, telnetDevice(script))
      const error = await failure({
        ...target('telnet', port),
        password: code === 'DEVICE_AUTH_FAILED' ? 'wrong-one' : 'lab-secret',
      })
      t.match(error, { code, address: '127.0.0.1', port })
      t.notMatch(JSON.stringify(error) + String(error), /wrong-one|lab-secret/)
    })
  }

  t.test('asks for what it lacks', async (t) => {
    const { port } = await device(t, telnetDevice(login()))
    t.match(await failure({ protocol: 'telnet', addresses: ['127.0.0.1'], ports: [port] }), {
      code: 'DEVICE_AUTH_FAILED',
      message: /username/,
    })
    t.match(await failure({ protocol: 'telnet', addresses: ['127.0.0.1'], ports: [port], username: 'lab' }), {
      code: 'DEVICE_AUTH_FAILED',
      message: /password/,
    })
  })

  t.test('gives up after its time, with the last words', async (t) => {
    const { port } = await device(
      t,
      telnetDevice(async (end) => {
        end.send('SYSTEM CONFIGURATION IN PROCESS\r\n')
        await new Promise(() => {})
      }),
    )
    t.match(await failure(target('telnet', port), { loginTimeoutMs: 60 }), {
      code: 'DEVICE_TIMEOUT',
      deviceText: 'SYSTEM CONFIGURATION IN PROCESS',
    })
  })
})

t.test('SSH login', async (t) => {
  const script = commandLoop(PROMPT, answers)

  t.test('by password', async (t) => {
    const { port } = await device(t, sshDevice({ script }))
    t.equal((await connect(t, target('ssh', port))).prompt, PROMPT)
  })

  t.test('by keyboard-interactive', async (t) => {
    const { port } = await device(
      t,
      sshDevice({
        script,
        authenticate: (context) => {
          if (context.method !== 'keyboard-interactive') return context.reject(['keyboard-interactive'])
          context.prompt([{ prompt: 'Password: ', echo: false }], (replies) => {
            if (replies[0] === 'lab-secret') context.accept()
            else context.reject(['keyboard-interactive'])
          })
        },
      }),
    )
    t.equal((await connect(t, target('ssh', port))).prompt, PROMPT)
    t.match(await failure({ ...target('ssh', port), password: 'wrong-one' }), { code: 'DEVICE_AUTH_FAILED' })
  })

  t.test('with a wrong password fails after one try', async (t) => {
    let tries = 0
    const { port } = await device(
      t,
      sshDevice({
        script,
        authenticate: (context) => {
          if (context.method !== 'none') tries += 1
          context.reject(['password', 'keyboard-interactive'])
        },
      }),
    )
    const error = await failure({ ...target('ssh', port), password: 'wrong-one' })
    t.match(error, { code: 'DEVICE_AUTH_FAILED', address: '127.0.0.1', port })
    t.notMatch(String(error), /wrong-one/)
    t.equal(tries, 1)
  })

  t.test('with an expired password says so and changes nothing', async (t) => {
    const { port } = await device(
      t,
      sshDevice({
        script,
        authenticate: (context) => {
          if (context.method !== 'keyboard-interactive') return context.reject(['keyboard-interactive'])
          context.prompt([{ prompt: 'Enter new password: ', echo: false }], (replies) => {
            t.same(replies, [])
            context.reject([])
          })
        },
      }),
    )
    t.match(await failure(target('ssh', port)), { code: 'DEVICE_PASSWORD_EXPIRED' })
  })

  t.test('with a request to change the password changes nothing either', async (t) => {
    const { port } = await device(
      t,
      sshDevice({
        script,
        authenticate: (context) => {
          if (context.method !== 'password') return context.reject(['password'])
          context.requestChange('Your password has expired', () => t.fail('a new password was chosen'))
        },
      }),
    )
    t.match(await failure(target('ssh', port)), { code: 'DEVICE_PASSWORD_EXPIRED' })
  })

  t.test('to a device with only old algorithms', async (t) => {
    const { port, ...server } = await device(
      t,
      sshDevice({
        script,
        algorithms: { kex: ['diffie-hellman-group14-sha1'], cipher: ['aes128-cbc'], hmac: ['hmac-sha1'] },
      }),
    )
    t.equal((await connect(t, target('ssh', port))).prompt, PROMPT)
    t.ok(server, 'after a handshake without common algorithms')
  })

  t.test('is tried again when the device paces logins by closing at once', async (t) => {
    const real = await device(t, sshDevice({ script }))
    let refused = 0
    const status: string[] = []
    const session = await connect(t, target('ssh', real.port), {
      status: (text) => status.push(text),
      path: {
        dial: async (hop, limits) => {
          const socket = await tcpDial(hop, limits)
          if (refused++ === 0) socket.destroy()
          return socket
        },
      },
    })
    t.equal(session.prompt, PROMPT)
    t.match(status.join('\n'), /closed the connection at once, trying again in 1 s/)
  })
})

t.test('several addresses and ports', async (t) => {
  t.test('are tried in order, refused and standby ones passed over', async (t) => {
    const standby = await device(
      t,
      telnetDevice(async (end) => end.send('Standby console disabled\r\n')),
    )
    const good = await device(t, telnetDevice(login()))
    const closed = await freePort()
    const status: string[] = []
    const session = await connect(t, target('telnet', closed, standby.port, good.port), {
      status: (text) => status.push(text),
    })
    t.equal(session.port, good.port)
    t.same(
      status.filter((text) => text.startsWith('Connection chain')),
      [
        `Connection chain 1/3: telnet://lab@127.0.0.1:${closed}`,
        `Connection chain 2/3: telnet://lab@127.0.0.1:${standby.port}`,
        `Connection chain 3/3: telnet://lab@127.0.0.1:${good.port}`,
      ],
    )
    t.match(status.at(-1), `Connected telnet://lab@127.0.0.1:${good.port}`)
    t.notMatch(status.join(), /lab-secret/)
  })

  t.test('all failing: the last failure, with every attempt', async (t) => {
    const [a, b] = [await freePort(), await freePort()]
    t.match(await failure(target('telnet', a, b)), {
      code: 'DEVICE_CONNECTION_REFUSED',
      port: b,
      attempts: [{ port: a, code: 'DEVICE_CONNECTION_REFUSED' }, { port: b }],
    })
    t.match(await failure({ protocol: 'ssh', addresses: [], ports: [] }), { code: 'DEVICE_UNREACHABLE' })
    t.match(await failure({ ...target('telnet', 1), addresses: ['no-such-host.invalid'] }), {
      code: 'DEVICE_UNREACHABLE',
    })
  })

  t.test('are not tried any more once the password was refused', async (t) => {
    const first = await device(t, telnetDevice(login()))
    const second = await device(t, telnetDevice(login()))
    t.match(await failure({ ...target('telnet', first.port, second.port), password: 'wrong-one' }), {
      code: 'DEVICE_AUTH_FAILED',
    })
    t.equal(second.connections, 0)
  })

  t.test('on a terminal server ask whether the line is busy', async (t) => {
    const dial = (hop: Parameters<typeof tcpDial>[0], limits: Parameters<typeof tcpDial>[1]) =>
      tcpDial({ ...hop, address: '127.0.0.1' }, limits)
    t.match(await failure(target('telnet', 2001), { path: { dial } }), {
      code: 'DEVICE_CONNECTION_REFUSED',
      message: /line busy\?/,
    })
  })

  t.test('a silent address is given up after the connect time', async (t) => {
    const { port } = await device(
      t,
      telnetDevice(async () => new Promise(() => {})),
    )
    t.match(await failure(target('ssh', port), { connectTimeoutMs: 60 }), { code: 'DEVICE_TIMEOUT' })
  })

  t.test('an abort ends connecting at once', async (t) => {
    const { port } = await device(
      t,
      telnetDevice(async () => new Promise(() => {})),
    )
    for (const protocol of ['ssh', 'telnet'] as const) {
      const controller = new AbortController()
      const failed = failure(target(protocol, port), { signal: controller.signal })
      setImmediate(() => controller.abort())
      t.match(await failed, { code: 'DEVICE_ABORTED' })
    }
    t.match(await failure(target('telnet', port), { signal: AbortSignal.abort() }), {
      code: 'DEVICE_ABORTED',
    })
  })
})

t.test('reconnecting', async (t) => {
  const again = (to: DeviceTarget, options: Partial<Parameters<typeof reconnectDevice>[1]> = {}) =>
    reconnectDevice(to, { withinMs: 20_000, retryDelayMs: 20, quietTimes: quick, ...options })

  t.test('goes on until the device is back', async (t) => {
    const port = await freePort()
    const status: string[] = []
    let back: Promise<ScriptedDevice> | undefined
    const session = await again(target('telnet', port), {
      status: (text) => status.push(text),
      path: {
        dial: async (hop, limits) => {
          if (back !== undefined) return tcpDial({ ...hop, port: (await back).port }, limits)
          if (status.filter((text) => text.startsWith('Connection error')).length === 2)
            back = telnetDevice(login())
          return tcpDial(hop, limits)
        },
      },
    })
    t.teardown(async () => {
      await session.close()
      await (await back)?.close()
    })
    t.equal(session.prompt, PROMPT)
    t.match(status[0], 'Trying to reconnect within 20 seconds')
  })

  t.test('gives up when the time is over, with the last failure', async (t) => {
    await t.rejects(again(target('telnet', await freePort()), { withinMs: 100 }), {
      code: 'DEVICE_CONNECTION_REFUSED',
    })
  })

  t.test('can be aborted', async (t) => {
    const controller = new AbortController()
    const status = (text: string) => {
      if (text.startsWith('Connection error')) controller.abort()
    }
    await t.rejects(
      again(target('telnet', await freePort()), { signal: controller.signal, status, retryDelayMs: 10_000 }),
      { code: 'DEVICE_ABORTED' },
    )
  })

  t.test('waits for the old session to go, and passes over the old software', async (t) => {
    const { port } = await device(t, telnetDevice(login()))
    const old = await connect(t, target('telnet', port))
    let looks = 0
    let gone = false
    const waiting = again(target('telnet', port), {
      onlyAfter: old.closed.then(() => {
        gone = true
      }),
      accept: async () => {
        t.ok(gone)
        looks += 1
        return looks > 1
      },
    })
    await old.close()
    const session = await waiting
    t.equal(looks, 2)
    await session.close()
  })

  t.test('an error of the caller is not swallowed', async (t) => {
    const { port } = await device(t, telnetDevice(login()))
    await t.rejects(
      again(target('telnet', port), { accept: () => Promise.reject(new TypeError('a bug')) }),
      /a bug/,
    )
  })
})

t.test('what a device end sees is only what was meant', async (t) => {
  let end: DeviceEnd | undefined
  const { port } = await device(
    t,
    sshDevice({
      authenticate: acceptPassword('lab', 'lab-secret'),
      script: async (opened) => {
        end = opened
        await commandLoop(PROMPT, answers)(opened)
      },
    }),
  )
  const session = await connect(t, target('ssh', port))
  await session.run('show clock')
  t.equal(
    end?.received,
    'terminal exec prompt no-timestamp\nterminal length 0\nterminal width 0\nshow version brief\nshow clock\n',
  )
})
