// The simulator against clients that somebody else wrote: OpenSSH (ssh, sftp), telnet, curl. On a machine without one
// of them its tests are left out, and say so; in CI they must be there.
import { spawn } from 'node:child_process'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { havePrograms } from '@slipway/test-kit'
import t, { type Test } from 'tap'
import { createLab, type Lab, type LabRouterLine } from '../src/index.ts'

const PASSWORD = 'lab-Secret-7'
const PATIENCE_MS = 60_000

interface Ended {
  readonly out: string
  readonly status: number | null
}

/** A running client: types when it is asked, and tells how it ended. */
function run(t: Test, program: string, args: string[], env: Record<string, string> = {}) {
  const settings = Object.entries({ LC_ALL: 'C', ...env }).map(([name, value]) => `${name}=${value}`)
  const child = spawn('env', [...settings, program, ...args], { detached: true })
  let out = ''
  let check: () => void = () => undefined
  const heard = (bytes: Buffer) => {
    out += bytes.toString('latin1')
    check()
  }
  child.stdout.on('data', heard)
  child.stderr.on('data', heard)
  child.stdin.on('error', () => undefined)
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (status) => resolve({ out, status }))
  })
  t.teardown(() => child.kill('SIGKILL'))
  let taken = 0
  return {
    ended,
    type: (text: string) => void child.stdin.write(text),
    closeInput: () => void child.stdin.end(),
    expect: (pattern: RegExp) =>
      new Promise<string>((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`no ${pattern} in ${out}`)), PATIENCE_MS)
        check = () => {
          const match = pattern.exec(out.slice(taken))
          if (match === null) return
          clearTimeout(timer)
          check = () => undefined
          const text = out.slice(taken, taken + match.index + match[0].length)
          taken += text.length
          resolve(text)
        }
        check()
        child.once('close', () => {
          clearTimeout(timer)
          reject(new Error(`ended before ${pattern}: ${out}`))
        })
      }),
  }
}

async function setUp(t: Test) {
  const lab = await createLab({ password: PASSWORD, jumpHost: true, ftp: true, timing: { operationMs: 50 } })
  t.teardown(lab.stop)
  const folder = await mkdtemp(join(tmpdir(), 'router-sim-clients-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  // OpenSSH asks this program for passwords when it has no terminal, or is told to.
  const askpass = join(folder, 'askpass')
  await writeFile(askpass, `#!/bin/sh\necho '${PASSWORD}'\n`)
  await chmod(askpass, 0o700)
  const config = join(folder, 'config')
  await writeFile(
    config,
    [
      'Host *',
      'StrictHostKeyChecking no',
      'UserKnownHostsFile /dev/null',
      'LogLevel ERROR',
      'PubkeyAuthentication no',
      'NumberOfPasswordPrompts 1',
      '',
    ].join('\n'),
  )
  const env = { SSH_ASKPASS: askpass, SSH_ASKPASS_REQUIRE: 'force', DISPLAY: ':0' }
  return { lab, folder, env, ssh: ['-F', config] }
}

function routerOf(lab: Lab, wanted: (line: LabRouterLine) => boolean): LabRouterLine {
  const line = lab.lines.find((each): each is LabRouterLine => each.kind === 'router' && wanted(each))
  if (line === undefined) throw new Error('no such router')
  return line
}

t.test('OpenSSH runs a command, and types in a terminal', async (t) => {
  if (!havePrograms(t, { ssh: 'openssh-client' })) return
  const { lab, env, ssh } = await setUp(t)
  const router = routerOf(lab, ({ family, protocol }) => family === 'asr9k' && protocol === 'ssh')
  const to = [...ssh, '-p', String(router.port), `${router.user}@${router.address}`]

  const once = await run(t, 'ssh', [...to, 'show version brief'], env).ended
  t.match(once.out, /Cisco IOS XR Software, Version 5\.3\.3/)
  t.equal(once.status, 0)

  const terminal = run(t, 'ssh', ['-tt', ...to], env)
  await terminal.expect(/RP\/0\/RSP0\/CPU0:lab-asr9k-ssh-1#/)
  terminal.type('terminal length 0\r')
  await terminal.expect(/#$/)
  terminal.type('admin show install active summary\r')
  t.match(await terminal.expect(/Active Packages:[\s\S]*#$/), /asr9k-mini-px-5\.3\.3/)
  terminal.type('exit\r')
  await terminal.ended

  const wrong = await run(t, 'ssh', ['-l', 'nobody', ...to.slice(0, -1), router.address, 'show clock'], env)
    .ended
  t.match(wrong.out, /Permission denied/)
})

t.test('OpenSSH goes through the jump host', async (t) => {
  if (!havePrograms(t, { ssh: 'openssh-client' })) return
  const { lab, env, ssh } = await setUp(t)
  const router = routerOf(lab, ({ jump_host: via, protocol }) => via !== undefined && protocol === 'ssh')
  const via = router.jump_host
  if (via === undefined) throw new Error('no jump host')
  const args = ['-J', `${via.user}@${via.address}:${via.port}`, '-p', String(router.port)]
  const { out } = await run(t, 'ssh', [...ssh, ...args, `root@${router.address}`, 'show version'], env).ended
  t.match(out, /cisco NCS-5500/)
  t.match(lab.jumpHosts.get(via.name)?.counts(), { logins: 1, forwarded: 1 })

  const elsewhere = ['-W', '127.0.0.1:22', '-p', String(via.port), `${via.user}@${via.address}`]
  const refused = await run(t, 'ssh', [...ssh, '-o', 'LogLevel=INFO', ...elsewhere], env).ended
  t.match(refused.out, /administratively prohibited|open failed/)
})

t.test("OpenSSH's sftp and curl fetch what routers fetch", async (t) => {
  if (!havePrograms(t, { sftp: 'openssh-client', curl: 'curl' })) return
  const { lab, env, folder, ssh } = await setUp(t)
  const file = 'asr9k-mcast-px.pie-5.3.3'
  for (const line of lab.lines) {
    if (line.kind !== 'repository') continue
    const { server_address: address, server_type: type, username } = line.row
    const target = join(folder, type)
    const [host = '', port = ''] = address.split(':')
    const client =
      type === 'SFTP'
        ? run(t, 'sftp', [...ssh, '-P', port, `${username}@${host}:/${file}`, target], env)
        : run(t, 'curl', ['-sS', '-u', `${username}:${PASSWORD}`, '-o', target, `ftp://${address}/${file}`])
    const { status, out } = await client.ended
    t.equal(status, 0, out)
    t.match(lab.repositories.get(line.row.hostname)?.counts(), { logins: 1, downloads: { [`/${file}`]: 1 } })
  }
  t.ok((await readFile(join(folder, 'SFTP'))).equals(await readFile(join(folder, 'FTP'))), 'the same file')
})

t.test('telnet logs in and shows what the router runs', async (t) => {
  if (!havePrograms(t, { telnet: 'telnet', script: 'bsdutils' })) return
  const { lab } = await setUp(t)
  for (const [family, command, prompt, version] of [
    ['asr9k', 'show version brief', /RP\/0\/RSP0\/CPU0:lab-asr9k-telnet-1#$/, /Version 5\.3\.3/],
    ['ncs5500', 'show version', /RP\/0\/RP0\/CPU0:lab-ncs5500-telnet-1#$/, /Version 6\.0\.1/],
  ] as const) {
    const router = routerOf(lab, (each) => each.family === family && each.protocol === 'telnet')
    // telnet wants a terminal; script is one.
    const client = run(t, 'script', ['-qec', `telnet ${router.address} ${router.port}`, '/dev/null'])
    await client.expect(/Username: $/)
    client.type(`${router.user}\r`)
    await client.expect(/Password: $/)
    client.type(`${PASSWORD}\r`)
    await client.expect(prompt)
    client.type('terminal length 0\r')
    await client.expect(prompt)
    client.type(`${command}\r`)
    const shown = await client.expect(new RegExp(`Version[\\s\\S]*${prompt.source}`))
    t.match(shown, version)
    t.notMatch(shown, PASSWORD, 'the password is not echoed')
    client.type('exit\r')
    t.match((await client.ended).out, /Connection closed by foreign host/)
  }
})
