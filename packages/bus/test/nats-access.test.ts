// Who is let in and who may do what: permissions, credentials, TLS.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { anyInboxSubject, busAccess, type Context, contexts, inboxSubject } from '@slipway/contracts'
import { haveNatsServer, tempDir } from '@slipway/test-kit'
import { nkeys } from 'nats'
import t, { type Test } from 'tap'
import { type NatsAccess, type NatsBusOptions, natsAuthorization } from '../src/index.ts'
import { anything, codeOf, deferred, happened, openHub, startNats } from './nats-support.ts'

const everything: NatsAccess = { publish: ['>'], subscribe: ['>'] }
const users = (access: Partial<Record<Context, NatsAccess>>) =>
  natsAuthorization(
    (['inventory', 'gateway'] as const).map((service) => {
      return { user: service, password: service, access: access[service] ?? everything }
    }),
  )

function openGuarded(t: Test, servers: string) {
  const inventory = openHub(t, { servers, user: 'inventory', pass: 'inventory' })
  const gateway = openHub(t, { servers, user: 'gateway', pass: 'gateway' })
  return { inventory, gateway }
}

/** True if a hub with these options can ask. */
async function letsIn(t: Test, options: NatsBusOptions): Promise<boolean> {
  const bus = await openHub(t, options).connect('gateway')
  return (await codeOf(bus.request(anything, 1))) === 'BUS_NO_RESPONDER'
}

function permissions(t: Test): void {
  t.test('a question that may not be asked fails at once, and the log says why', async (t) => {
    const nats = await startNats(t, {
      config: users({ gateway: { publish: ['slipway.evt.>', anyInboxSubject], subscribe: ['>'] } }),
    })
    const hubs = openGuarded(t, nats.url)
    const [server, client] = await Promise.all([
      hubs.inventory.connect('inventory'),
      hubs.gateway.connect('gateway'),
    ])
    server.serve(anything, async (payload) => payload)
    await hubs.inventory.flush()
    const error = await client.request(anything, 1).catch((thrown) => thrown)
    t.match(error, { code: 'BUS_UNAVAILABLE', cause: Error })
    t.match(await hubs.gateway.said('NATS refuses'), {
      level: 'error',
      details: { subject: anything.subject, service: 'gateway', code: 'PERMISSIONS_VIOLATION' },
    })
    t.equal(await server.request(anything, 'to itself'), 'to itself')
  })

  t.test('a large question and its frames need the same permissions', async (t) => {
    const nats = await startNats(t, {
      config: users({ gateway: { publish: ['slipway.rpc.>'], subscribe: ['>'] } }),
    })
    const hubs = openGuarded(t, nats.url)
    const [server, client] = await Promise.all([
      hubs.inventory.connect('inventory'),
      hubs.gateway.connect('gateway'),
    ])
    server.serve(anything, async () => 'whole')
    await hubs.inventory.flush()
    const noise = Array.from({ length: 80_000 }, () => Math.random())
    t.equal(await codeOf(client.request(anything, noise)), 'BUS_UNAVAILABLE')
    t.match(await hubs.gateway.said('NATS refuses'), { details: { subject: /^slipway\.inbox\.inventory\./ } })
  })

  t.test('an event that may not be published is logged and harms nobody', async (t) => {
    const nats = await startNats(t, {
      config: users({ gateway: { publish: ['slipway.rpc.>'], subscribe: ['>'] } }),
    })
    const hub = openGuarded(t, nats.url).gateway
    const bus = await hub.connect('gateway')
    bus.publish(happened, 1)
    t.match(await hub.said('NATS refuses'), { details: { subject: happened.subject } })
    t.equal(await codeOf(bus.request(anything, 1)), 'BUS_NO_RESPONDER')
  })

  t.test('who may not listen says so, and listens as soon as it is allowed', async (t) => {
    const deaf = { publish: ['>'], subscribe: [inboxSubject('inventory', '>')] }
    const nats = await startNats(t, { config: users({ inventory: deaf }) })
    const hubs = openGuarded(t, nats.url)
    const [server, client] = await Promise.all([
      hubs.inventory.connect('inventory'),
      hubs.gateway.connect('gateway'),
    ])
    const asked = deferred()
    const heard = deferred<unknown>()
    const ended = server.serve(
      { ...anything, subject: 'slipway.rpc.inventory.v1.probe.ended' },
      async () => 1,
    )
    server.serve(anything, async (payload) => {
      asked.resolve()
      return payload
    })
    server.subscribe(happened, (payload) => heard.resolve(payload))
    t.match(await hubs.inventory.said('NATS does not allow us to listen', 3), { level: 'error' })
    await ended.drain()
    t.equal(await codeOf(client.request(anything, 1)), 'BUS_NO_RESPONDER')
    await nats.reload({ config: users({}) })
    const askUntilServed = async (): Promise<void> => {
      const code = await codeOf(client.request(anything, 1))
      if (code !== 'none') await askUntilServed()
    }
    await askUntilServed()
    await asked.promise
    await hubs.inventory.flush()
    client.publish(happened, 'now')
    t.equal(await heard.promise, 'now')
  })

  t.test('who may not hear its answers waits with a word in the log', async (t) => {
    const mute = { publish: ['>'], subscribe: ['slipway.rpc.inventory.>'] }
    const nats = await startNats(t, { config: users({ inventory: mute }) })
    const hub = openGuarded(t, nats.url).inventory
    const connecting = hub.connect('inventory')
    t.match(await hub.said('NATS does not let us in'), {
      level: 'error',
      details: { reason: /Permissions Violation.*slipway\.inbox\.inventory/ },
    })
    await nats.reload({ config: users({}) })
    t.equal(await codeOf((await connecting).request(anything, 1)), 'BUS_NO_RESPONDER')
    const mark = hub.lines.length
    await nats.reload({ config: users({ inventory: mute }) })
    await hub.said('Lost the connection', 1, mark)
    await nats.reload({ config: users({}) })
    await hub.said('Connected', 1, mark)
  })
}

/** The users of a cluster as `busAccess` has them. */
function cluster(t: Test): void {
  t.test('each service of a cluster is let in and may answer its own questions and no others', async (t) => {
    const config = natsAuthorization(
      contexts.map((service) => ({ user: service, password: service, access: busAccess(service) })),
    )
    const nats = await startNats(t, { config })
    for (const service of contexts) {
      const hub = openHub(t, { servers: nats.url, user: service, pass: service })
      const bus = await hub.connect(service)
      for (const owner of contexts) {
        bus.serve({ ...anything, subject: anything.subject.replace('inventory', owner) }, async () => service)
      }
      await hub.flush()
      const denied = hub.lines.filter(({ message }) => message.startsWith('NATS does not allow'))
      t.equal(denied.length, contexts.length - 1, service)
      await hub.close(0)
    }
  })

  t.test('nobody hears the answers to another service', async (t) => {
    const config = natsAuthorization([{ user: 'gateway', password: 'gateway', access: busAccess('gateway') }])
    const nats = await startNats(t, { config })
    const hub = openHub(t, { servers: nats.url, user: 'gateway', pass: 'gateway' })
    const connecting = codeOf(hub.connect('inventory'))
    await hub.said('NATS does not let us in')
    await hub.close()
    t.equal(await connecting, 'BUS_CLOSED')
  })
}

function credentials(t: Test): void {
  t.test('user and password, in options or in the address', async (t) => {
    const nats = await startNats(t, { auth: { user: 'slipway', password: 'a@b:c/d' } })
    t.ok(await letsIn(t, { servers: nats.url, user: 'slipway', pass: 'a@b:c/d' }))
    const address = `nats://slipway:${encodeURIComponent('a@b:c/d')}@127.0.0.1:${nats.port}`
    t.ok(await letsIn(t, { servers: address }))
  })

  t.test('a token, in options or in the address', async (t) => {
    const nats = await startNats(t, { auth: { token: 'secret-token' } })
    t.ok(await letsIn(t, { servers: nats.url, token: 'secret-token' }))
    t.ok(await letsIn(t, { servers: `nats://secret-token@127.0.0.1:${nats.port}` }))
  })

  t.test('a wrong password is told, never shown, and tried for ever', async (t) => {
    const right = { auth: { user: 'slipway', password: 'right-password' } }
    const other = { auth: { user: 'slipway', password: 'other-password' } }
    const nats = await startNats(t, other)
    const hub = openHub(t, { servers: `nats://slipway:right-password@127.0.0.1:${nats.port}` })
    const connecting = hub.connect('gateway')
    t.match(await hub.said('NATS does not let us in'), { level: 'error' })
    await nats.restart(right)
    const bus = await connecting
    const mark = hub.lines.length
    await nats.restart(other)
    await hub.said('NATS does not let us in', 1, mark)
    t.equal(await codeOf(bus.request(anything, 1)), 'BUS_UNAVAILABLE')
    await nats.restart(right)
    await hub.said('Connected', 1, mark)
    t.equal(await codeOf(bus.request(anything, 1)), 'BUS_NO_RESPONDER')
    t.notMatch(JSON.stringify(hub.lines), /right-password/)
  })

  t.test('an NKey', async (t) => {
    const pair = nkeys.createUser()
    const nkeyFile = join(await tempDir(t), 'user.nk')
    writeFileSync(nkeyFile, `${Buffer.from(pair.getSeed()).toString()}\n`)
    const nats = await startNats(t, {
      config: natsAuthorization([{ nkey: pair.getPublicKey(), access: everything }]),
    })
    t.ok(await letsIn(t, { servers: nats.url, nkeyFile }))
  })

  t.test('a credentials file, which may come later than the service', async (t) => {
    const [operator, account, user] = [nkeys.createOperator(), nkeys.createAccount(), nkeys.createUser()]
    const accountJwt = jwt(operator, account.getPublicKey(), {
      type: 'account',
      version: 2,
      limits: noLimits,
    })
    const nats = await startNats(t, {
      config: [
        `operator: ${jwt(operator, operator.getPublicKey(), { type: 'operator', version: 2 })}`,
        'resolver: MEMORY',
        `resolver_preload: { ${account.getPublicKey()}: ${accountJwt} }`,
      ].join('\n'),
    })
    const credsFile = join(await tempDir(t), 'user.creds')
    const hub = openHub(t, { servers: nats.url, credsFile })
    const connecting = hub.connect('gateway')
    t.match(await hub.said('Waiting for NATS'), { details: { reason: /ENOENT.*user\.creds/ } })
    const claims = { type: 'user', version: 2, subs: -1, data: -1, payload: -1 }
    writeFileSync(credsFile, credsText(jwt(account, user.getPublicKey(), claims), user.getSeed()))
    t.equal(await codeOf((await connecting).request(anything, 1)), 'BUS_NO_RESPONDER')
  })
}

const noLimits = {
  subs: -1,
  data: -1,
  payload: -1,
  imports: -1,
  exports: -1,
  wildcards: true,
  conn: -1,
  leaf: -1,
}

interface KeyPair {
  getPublicKey(): string
  sign(bytes: Uint8Array): Uint8Array
}

/** A NATS JWT as `nsc` makes them. */
function jwt(issuer: KeyPair, subject: string, nats: object): string {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const claims = { iss: issuer.getPublicKey(), sub: subject, name: 'test', iat: 1_700_000_000, nats }
  const jti = createHash('sha256').update(JSON.stringify(claims)).digest('hex')
  const text = `${encode({ typ: 'JWT', alg: 'ed25519-nkey' })}.${encode({ ...claims, jti })}`
  return `${text}.${Buffer.from(issuer.sign(Buffer.from(text))).toString('base64url')}`
}

function credsText(token: string, seed: Uint8Array): string {
  return [
    '-----BEGIN NATS USER JWT-----',
    token,
    '------END NATS USER JWT------',
    '',
    '-----BEGIN USER NKEY SEED-----',
    Buffer.from(seed).toString(),
    '------END USER NKEY SEED------',
    '',
  ].join('\n')
}

const OPENSSL = 'openssl'

/** A certificate that signs itself. @returns the paths of its PEM files */
function certificate(directory: string, name: string, altName: string) {
  const [cert, key] = [join(directory, `${name}.crt`), join(directory, `${name}.key`)]
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']
  const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=${altName}`, '-days', '2']
  const files = ['-nodes', '-out', cert, '-keyout', key]
  execFileSync(OPENSSL, ['req', '-x509', ...curve, ...subject, ...files], { stdio: 'pipe' })
  return { cert, key }
}

function encryption(t: Test): void {
  t.test('an encrypted connection to a server whose certificate we trust, and to no other', async (t) => {
    const directory = await tempDir(t)
    const [own, stranger] = [
      certificate(directory, 'own', 'IP:127.0.0.1,DNS:localhost'),
      certificate(directory, 'stranger', 'DNS:nats.example'),
    ]
    const nats = await startNats(t, { tls: own })
    t.ok(await letsIn(t, { servers: `tls://127.0.0.1:${nats.port}`, tls: { ca: own.cert } }), 'by address')
    t.ok(await letsIn(t, { servers: `tls://localhost:${nats.port}`, tls: { ca: own.cert } }), 'by name')
    const trusting = openHub(t, { servers: nats.url, tls: {} })
    const unknown = codeOf(trusting.connect('gateway'))
    t.match(await trusting.said('Waiting for NATS'), { details: { reason: /self-signed certificate/ } })
    await trusting.close()
    t.equal(await unknown, 'BUS_CLOSED')
    await nats.restart({ tls: stranger })
    const strict = openHub(t, { servers: nats.url, tls: { ca: stranger.cert } })
    const misnamed = codeOf(strict.connect('gateway'))
    t.match(await strict.said('Waiting for NATS'), { details: { reason: /127\.0\.0\.1.*cert/ } })
    await strict.close()
    t.equal(await misnamed, 'BUS_CLOSED')
  })

  t.test('our own certificate where the server asks for one', async (t) => {
    const directory = await tempDir(t)
    const [server, client] = [
      certificate(directory, 'server', 'IP:127.0.0.1'),
      certificate(directory, 'client', 'DNS:gateway'),
    ]
    const nats = await startNats(t, { tls: { ...server, ca: client.cert } })
    t.ok(await letsIn(t, { servers: nats.url, tls: { ca: server.cert, ...client } }))
    const hub = openHub(t, { servers: nats.url, tls: { ca: server.cert } })
    const connecting = codeOf(hub.connect('gateway'))
    await hub.said('Waiting for NATS')
    await hub.close()
    t.equal(await connecting, 'BUS_CLOSED')
  })

  t.test('no plain connection where an encrypted one is asked for', async (t) => {
    const nats = await startNats(t)
    const hub = openHub(t, { servers: `tls://127.0.0.1:${nats.port}` })
    const connecting = codeOf(hub.connect('gateway'))
    await hub.said('Waiting for NATS')
    await hub.close()
    t.equal(await connecting, 'BUS_CLOSED')
  })
}

if (haveNatsServer(t)) {
  t.test('permissions', async (t) => permissions(t))
  t.test('the permissions of a cluster', async (t) => cluster(t))
  t.test('credentials', async (t) => credentials(t))
  t.test('encryption', async (t) => encryption(t))
}
