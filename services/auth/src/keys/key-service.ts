import type { PublicKey } from '@slipway/contracts'
import type { KeyStore } from './key-store.ts'
import { generateKeys, isDue, retiredKeyMs, type SigningKey } from './signing-key.ts'

export interface KeyServiceDeps {
  readonly store: KeyStore
  /** Seals and opens the private half for its row. */
  readonly seal: (kid: string, privatePem: string) => string
  readonly open: (kid: string, sealed: string) => string
  readonly rotationMs: number
  readonly now: () => Date
  /** Hears of a new key after its commit. */
  readonly rotated: (kid: string) => void
  readonly log: { warn(fields: object, message: string): void }
}

/** The key that signs now. */
export interface CurrentKey {
  readonly kid: string
  readonly privatePem: string
}

export interface KeyService {
  /** Makes a key if there is none that may sign: none at all, too old, or sealed with a master key we do not have. */
  rotateIfDue(): Promise<void>
  /** Makes a new key now; the old one stays valid for two hours. */
  rotate(): Promise<void>
  current(): Promise<CurrentKey>
  /** Keys with which tokens are verified now, the current one first. */
  listPublic(): Promise<PublicKey[]>
}

export function createKeyService(deps: KeyServiceDeps): KeyService {
  const { store, now } = deps
  const replace = (isWanted: (current: SigningKey | undefined) => boolean) => replaceKey(deps, isWanted)
  const rotateIfDue = () => replace((current) => needsReplacement(deps, current))
  return {
    rotateIfDue,
    rotate: () => replace(() => true),
    async current() {
      const key = await store.current()
      if (key === undefined) throw new Error('There is no signing key.')
      return { kid: key.kid, privatePem: deps.open(key.kid, key.sealedPrivatePem) }
    },
    async listPublic() {
      const keys = await store.list(new Date(now().getTime() - retiredKeyMs))
      return keys.map(({ kid, publicPem }) => ({ kid, algorithm: 'ES256' as const, pem: publicPem }))
    },
  }
}

async function replaceKey(
  { store, seal, now, rotated }: KeyServiceDeps,
  isWanted: (current: SigningKey | undefined) => boolean,
): Promise<void> {
  const moment = now()
  let made: SigningKey | undefined
  await store.replace(
    async (current) => {
      if (!isWanted(current)) return undefined
      const { kid, publicPem, privatePem } = await generateKeys()
      made = {
        kid,
        publicPem,
        sealedPrivatePem: seal(kid, privatePem),
        createdAt: moment,
        retiredAt: undefined,
      }
      return made
    },
    new Date(moment.getTime() - retiredKeyMs),
  )
  if (made !== undefined) rotated(made.kid)
}

function needsReplacement(deps: KeyServiceDeps, current: SigningKey | undefined): boolean {
  if (current === undefined || isDue(current, deps.rotationMs, deps.now())) return true
  try {
    deps.open(current.kid, current.sealedPrivatePem)
    return false
  } catch (error) {
    deps.log.warn({ err: error, kid: current.kid }, 'the signing key cannot be opened and is replaced')
    return true
  }
}
