// Who may say what on the bus: the permissions of the services' NATS users. NATS credentials are the trust boundary
// between services, so each may do what its part needs and nothing else. A service answers its own questions,
// publishes its own events, and asks and hears those listed here.
import { anyInboxSubject, type Context, inboxSubject } from './message.ts'

/** Subjects a service may send to and listen to; `>` stands for everything below. */
export interface BusAccess {
  readonly publish: readonly string[]
  readonly subscribe: readonly string[]
}

/** Whom a service asks (questions and deliveries), and whose events it hears. */
const relations: Readonly<Record<Context, { asks: readonly Context[]; hears: readonly Context[] }>> = {
  auth: { asks: [], hears: ['auth'] },
  inventory: { asks: ['scheduler'], hears: [] },
  catalog: { asks: [], hears: ['catalog'] },
  scheduler: { asks: ['executor'], hears: ['executor'] },
  executor: { asks: ['scheduler', 'inventory', 'distribution'], hears: ['scheduler', 'executor'] },
  distribution: { asks: ['auth'], hears: ['auth'] },
  gateway: {
    asks: ['auth', 'inventory', 'catalog', 'scheduler', 'executor', 'distribution'],
    hears: ['auth', 'scheduler', 'executor'],
  },
}

const questionsTo = (service: Context) => `slipway.rpc.${service}.>`
const eventsOf = (service: Context) => `slipway.evt.${service}.>`

/** What a service may do on the bus. Answers go to the inboxes of those who ask, so everybody may send there. */
export function busAccess(service: Context): BusAccess {
  const { asks, hears } = relations[service]
  return {
    publish: [...asks.map(questionsTo), eventsOf(service), anyInboxSubject],
    subscribe: [questionsTo(service), inboxSubject(service, '>'), ...hears.map(eventsOf)],
  }
}
