// Which tokens are revoked: a token carries its user's epoch, and the auth service tells the epochs that changed in
// the last hour (a token does not live longer). Read whole at start, then every 2 s and whenever a user changed.
// News older than 5 s is no news: the request is refused with 503 rather than guessed. Source: REST contract, section 2.
import type { Bus } from '@slipway/bus'
import { authEvents, authMessages, createError, type Epoch, tokenLifetimeS } from '@slipway/contracts'
import type { Clock } from '../clock.ts'
import type { ServiceDeps } from '../service.ts'

export interface Revocations {
  /** True if a token of this user and epoch is revoked. Error: AUTH_STALE_REVOCATIONS. */
  isRevoked(username: string, epoch: number): Promise<boolean>
  /** The same as far as is known, perhaps from news that is not fresh. */
  isKnownRevoked(username: string, epoch: number): boolean
  /** The user's epoch if it changed in the last hour; of a user who is not active, -1. */
  epochOf(username: string): number | undefined
  /** True while the news is fresh. */
  isFresh(): boolean
  stop(): Promise<void>
}

export interface RevocationsDeps {
  bus: Pick<Bus, 'request' | 'subscribe'>
  clock: Clock
  log: Pick<ServiceDeps<unknown>['log'], 'warn'>
}

const PULL_EVERY_MS = 2_000
const PULL_TIMEOUT_MS = 1_900
const STALE_AFTER_MS = 5_000
/** Epochs are dropped some time after the last token that could carry an older one has expired. */
const KEEP_MS = (tokenLifetimeS + 300) * 1_000

/** Starts following revocations; resolves after the first reading, whether it succeeded or not. */
export async function createRevocations({ bus, clock, log }: RevocationsDeps): Promise<Revocations> {
  const epochs = new Map<string, Epoch>()
  let freshAtMs = Number.NEGATIVE_INFINITY
  let pulling: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  /** Staleness is said once, as the pull is repeated every 2 s. */
  let complained = false

  const isKnownRevoked = (username: string, epoch: number) => {
    const current = epochs.get(keyOf(username))
    return current !== undefined && (!current.active || epoch < current.epoch)
  }
  const isFresh = () => clock.monotonicMs() - freshAtMs <= STALE_AFTER_MS

  async function pull(): Promise<void> {
    const sentAtMs = clock.monotonicMs()
    try {
      const reply = await bus.request(authMessages.listEpochs, {}, { timeoutMs: PULL_TIMEOUT_MS })
      for (const epoch of reply.epochs) remember(epochs, epoch)
      forget(epochs, clock.now().getTime() - KEEP_MS)
      freshAtMs = sentAtMs
      complained = false
    } catch (err) {
      if (isFresh() || complained || stopped) return
      complained = true
      log.warn({ err }, 'state of revoked tokens is stale')
    }
  }
  function pullNow(): Promise<void> {
    clearTimeout(timer)
    pulling ??= pull().finally(() => {
      pulling = undefined
      if (!stopped) timer = setTimeout(pullNow, PULL_EVERY_MS).unref()
    })
    return pulling
  }

  const changes = bus.subscribe(authEvents.userChanged, (epoch) => {
    remember(epochs, epoch)
    return stopped ? undefined : pullNow()
  })
  await pullNow()

  return {
    isFresh,
    async isRevoked(username, epoch) {
      if (!isFresh()) await pullNow()
      if (!isFresh()) throw createError('AUTH_STALE_REVOCATIONS')
      return isKnownRevoked(username, epoch)
    },
    isKnownRevoked,
    epochOf(username) {
      const current = epochs.get(keyOf(username))
      return current?.active === false ? -1 : current?.epoch
    },
    async stop() {
      stopped = true
      clearTimeout(timer)
      await changes.drain()
      await pulling
    },
  }
}

/** User names compare case-insensitively. */
const keyOf = (username: string) => username.toLowerCase()

/** Keeps the later state of a user: an answer may have been on its way while an event overtook it. */
function remember(epochs: Map<string, Epoch>, news: Epoch): void {
  const key = keyOf(news.username)
  const known = epochs.get(key)
  const isOlder =
    known !== undefined &&
    (news.epoch < known.epoch || (news.epoch === known.epoch && news.changedAt < known.changedAt))
  if (!isOlder) epochs.set(key, news)
}

function forget(epochs: Map<string, Epoch>, beforeMs: number): void {
  for (const [key, epoch] of epochs) if (Date.parse(epoch.changedAt) < beforeMs) epochs.delete(key)
}
