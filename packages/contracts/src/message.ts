// How a message between services is declared. A subject is built here and nowhere else, so that access rules can
// be written against the grammar: kind first, identity last.
//   slipway.rpc.<context>.v1.<entity>.<verb>      slipway.evt.<context>.v1.<entity>.<past-tense>
//   slipway.inbox.<context>.<bus>.<question>      (answers, where the transport has subjects)
import type { Static, TSchema } from '@sinclair/typebox'
import { type Static as StaticOf, Type } from '@sinclair/typebox'
import type { Permission } from './permissions.ts'
import { privileges } from './permissions.ts'

/** The services, which are also the queue groups on the bus. */
export const contexts = [
  'auth',
  'inventory',
  'catalog',
  'scheduler',
  'executor',
  'distribution',
  'gateway',
] as const
export type Context = (typeof contexts)[number]

/** Who asks, as the gateway established it; travels in the header of every request made for a user. */
export const CallerSchema = Type.Object({
  username: Type.String(),
  privilege: Type.Union(privileges.map((privilege) => Type.Literal(privilege))),
})
export type Caller = StaticOf<typeof CallerSchema>

/** A question to one service, answered by one of its replicas. */
export interface Rpc<Q extends TSchema = TSchema, R extends TSchema = TSchema> {
  readonly subject: string
  readonly service: Context
  readonly request: Q
  readonly reply: R
  /** Default deadline in milliseconds. */
  readonly timeoutMs: number
  /** What the caller in the header needs; 'internal' is for services among themselves, without a caller. */
  readonly permission: Permission | 'internal'
}

/** A fact in the past tense for everybody who listens; may be lost, so it is a hint and never the record. */
export interface EventDefinition<P extends TSchema = TSchema> {
  readonly subject: string
  readonly payload: P
}

/**
 * A message that must arrive: a row in the sender's own transaction, sent as a request until the receiver answers
 * that it is recorded. The receiver stores it by its delivery id, so that twice is once.
 */
export interface Delivery<P extends TSchema = TSchema> {
  readonly subject: string
  readonly service: Context
  readonly payload: P
}

export type RequestOf<T> = T extends Rpc<infer Q, TSchema> ? Static<Q> : never
export type ReplyOf<T> = T extends Rpc<TSchema, infer R> ? Static<R> : never
export type PayloadOf<T> = T extends { readonly payload: infer P extends TSchema } ? Static<P> : never

/** What travels for a delivery: the payload with its id. */
export const deliveryEnvelope = <P extends TSchema>(payload: P) =>
  Type.Object({ deliveryId: Type.String({ minLength: 1, maxLength: 64 }), payload })
/** The receiver's answer: it is stored (now or before). */
export const DeliveryRecorded = Type.Object({ recorded: Type.Literal(true) })

interface RpcOptions<Q extends TSchema, R extends TSchema> {
  request: Q
  reply: R
  permission: Permission | 'internal'
  timeoutMs?: number
}

/** Declares a question. @param name `<entity>.<verb>` @returns its definition with the subject built */
export function defineRpc<Q extends TSchema, R extends TSchema>(
  service: Context,
  name: string,
  options: RpcOptions<Q, R>,
): Rpc<Q, R> {
  return { timeoutMs: 5_000, ...options, service, subject: `slipway.rpc.${service}.v1.${name}` }
}

/** Declares an event. @param name `<entity>.<past-tense>` */
export function defineEvent<P extends TSchema>(owner: Context, name: string, payload: P): EventDefinition<P> {
  return { subject: `slipway.evt.${owner}.v1.${name}`, payload }
}

/** Declares a delivery to a service. @param name `<entity>.<verb>` */
export function defineDelivery<P extends TSchema>(service: Context, name: string, payload: P): Delivery<P> {
  return { service, subject: `slipway.rpc.${service}.v1.${name}`, payload }
}

/** Where answers to a service come in, on a transport with subjects. Tokens name the bus and the question. */
export function inboxSubject(service: Context, ...tokens: string[]): string {
  return ['slipway.inbox', service, ...tokens].join('.')
}

/** What every service may send to: the inboxes of all who ask it. */
export const anyInboxSubject = 'slipway.inbox.>'

/** The question that carries a delivery, as bus and receiver see it. */
export function deliveryRpc<P extends TSchema>(delivery: Delivery<P>) {
  return {
    subject: delivery.subject,
    service: delivery.service,
    request: deliveryEnvelope(delivery.payload),
    reply: DeliveryRecorded,
    timeoutMs: 10_000,
    permission: 'internal',
  } as const satisfies Rpc
}
