// Replicas count failed logins together: each tells the others what it counted, so that a guesser gains nothing from
// their number. Told by an event, which is lost while NATS is away, when nobody can log in anyway.
import { createHash, randomUUID } from 'node:crypto'
import type { Bus, Registration } from '@slipway/bus'
import { authEvents } from '@slipway/contracts'
import type { Throttle } from './throttle.ts'

export interface SharedThrottle extends Throttle {
  /** Listens to the other replicas. */
  readonly registration: Registration
}

/** Accounts stand in events as hashes: people type passwords where names belong. */
export function shareThrottle(throttle: Throttle, bus: Pick<Bus, 'publish' | 'subscribe'>): SharedThrottle {
  const replica = randomUUID()
  const tell = (account: string, address: string, right: boolean) =>
    bus.publish(authEvents.loginCounted, { replica, account, address, right })
  return {
    check: (account, address) => throttle.check(hash(account), address),
    failed(account, address) {
      throttle.failed(hash(account), address)
      tell(hash(account), address, false)
    },
    succeeded(account, address) {
      const forgotten = throttle.succeeded(hash(account), address)
      // Almost always there is nothing to forget, and nothing to tell.
      if (forgotten) tell(hash(account), address, true)
      return forgotten
    },
    registration: bus.subscribe(authEvents.loginCounted, ({ replica: teller, account, address, right }) => {
      if (teller === replica) return
      if (right) throttle.succeeded(account, address)
      else throttle.failed(account, address)
    }),
  }
}

const hash = (account: string) => createHash('sha256').update(account).digest('base64')
