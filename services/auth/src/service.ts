// Wiring: the only file that sees everything.
import { fileURLToPath } from 'node:url'
import { authEvents, type Epoch, usernameKey } from '@slipway/contracts'
import { createKeyring, createSealer } from '@slipway/secrets'
import { createOpener } from '@slipway/secrets/open'
import {
  createRegistry,
  createReleasers,
  type RunningService,
  type ServiceDefinition,
  type ServiceDeps,
} from '@slipway/service-kit'
import { type AuthUseCases, serveAuth } from './auth-handlers.ts'
import { type AuthConfig, authConfig } from './config.ts'
import { countLogins } from './credentials/counted-logins.ts'
import { createCredentialService } from './credentials/credential-service.ts'
import { createPasswordHasher } from './credentials/password-hasher.ts'
import { type SharedThrottle, shareThrottle } from './credentials/shared-throttle.ts'
import { createThrottle } from './credentials/throttle.ts'
import { createVerifiedPasswords } from './credentials/verified-passwords.ts'
import { type Database, openDatabase } from './database.ts'
import { createKeyService, type KeyService } from './keys/key-service.ts'
import { createKeyStore } from './keys/key-store.ts'
import { startRotation } from './keys/rotation.ts'
import { sealedTables } from './sealed-tables.ts'
import { createTokenService } from './tokens/token-service.ts'
import type { InitialAdmin } from './users/initial-admin.ts'
import { ensureAdmin } from './users/initial-admin-service.ts'
import { createUserService } from './users/user-service.ts'
import { createUserStore } from './users/user-store.ts'

type Deps = ServiceDeps<AuthConfig>

/** A running auth service. */
export interface RunningAuth extends RunningService {
  /** The admin made by this very start, if its password was generated: the only chance to show it. Never logged. */
  readonly initialAdmin?: InitialAdmin
}

export interface AuthService extends ServiceDefinition<typeof authConfig> {
  create(deps: Deps): Promise<RunningAuth>
}

/** Users, their passwords and tokens, the keys that sign them, revocation. */
export const authService: AuthService = {
  name: 'auth',
  configSchema: authConfig,
  databaseFolder: fileURLToPath(new URL('..', import.meta.url)),
  sealedTables,
  create,
}

async function create(deps: Deps): Promise<RunningAuth> {
  if (deps.database === undefined) throw new Error('The auth service needs a database.')
  const releasers = createReleasers({
    onFailure: ({ name, error }) => deps.log.warn({ err: error, name }, 'could not be released'),
  })
  const stop = async () => void (await releasers.release())
  try {
    const db = openDatabase(deps.database, deps.log)
    releasers.push('database', () => db.$disconnect())
    const throttle = shareThrottle(
      createThrottle(() => deps.clock.monotonicMs()),
      deps.bus,
    )
    releasers.push('throttle', () => throttle.registration.drain())
    const { auth, forget, initialAdmin } = await useCases(deps, db, throttle)
    releasers.push('rotation', startRotation(auth.keys, deps.log))
    const registrations = serveAuth(deps.bus, auth, forget)
    releasers.push('registrations', () => Promise.all(registrations.map(({ drain }) => drain())))
    const ready = () => isReady(deps, db)
    return { ready, stop, ...(initialAdmin === undefined ? {} : { initialAdmin }) }
  } catch (error) {
    await stop()
    throw error
  }
}

interface UseCases {
  readonly auth: AuthUseCases
  /** Drops what is remembered of a user. */
  readonly forget: (username: string) => void
  readonly initialAdmin: InitialAdmin | undefined
}

async function useCases(deps: Deps, db: Database, throttle: SharedThrottle): Promise<UseCases> {
  const { bus, clock, metrics = createRegistry() } = deps
  const now = () => clock.now()
  const nowMs = () => clock.monotonicMs()
  const hasher = await createPasswordHasher()
  const verified = createVerifiedPasswords(nowMs)
  const store = createUserStore(db)
  const forget = (username: string) => verified.drop(usernameKey(username) ?? username)
  const keys = keyService(deps, db)
  const credentials = createCredentialService({
    users: store,
    hasher,
    throttle,
    verified,
  })
  const changed = (epoch: Epoch) => {
    forget(epoch.username)
    bus.publish(authEvents.userChanged, epoch)
  }
  const users = createUserService({ store, hasher, credentials, now, changed })
  const tokens = createTokenService({ currentKey: keys.current, now })
  await keys.rotateIfDue()
  const initialAdmin = await ensureAdmin({ store, hasher, now }, deps.config.adminPassword)
  const auth = { credentials: countLogins(metrics, credentials), tokens, keys, users }
  return { auth, forget, initialAdmin }
}

function keyService({ bus, clock, config, log }: Deps, db: Database): KeyService {
  const keyring = createKeyring(config.masterKey)
  const sealer = createSealer(keyring)
  const opener = createOpener(keyring)
  const place = (kid: string) => ({ table: 'signing_key', row: kid, field: 'private_pem' })
  return createKeyService({
    store: createKeyStore(db),
    seal: (kid, privatePem) => sealer.seal(privatePem, place(kid)),
    open: (kid, sealed) => opener.open(sealed, place(kid)),
    rotationMs: config.keyRotationHours * 3_600_000,
    now: () => clock.now(),
    rotated: (kid) => bus.publish(authEvents.keyRotated, { kid }),
    log,
  })
}

async function isReady({ bus }: Deps, db: Database): Promise<boolean> {
  if (!bus.connected) return false
  try {
    await db.$queryRaw`SELECT 1`
    return true
  } catch {
    return false
  }
}
