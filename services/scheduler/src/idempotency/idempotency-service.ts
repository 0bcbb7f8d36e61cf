// Answers once, and the same again: the answer is written with what it tells of, or not at all.
import { createError, type FirstAnswer } from '@slipway/contracts'
import type { Clock } from '@slipway/service-kit'
import type { Db, SchedulerStore } from '../scheduler-store.ts'
import type { KeyedRequest } from './idempotency.ts'
import { forgetAnswers, type KeptAnswer, keepAnswer, readAnswer, takeKey } from './idempotency-store.ts'

export interface IdempotencyDeps {
  readonly store: Pick<SchedulerStore, 'db' | 'transact'>
  readonly clock: Pick<Clock, 'now'>
}

export interface Idempotency {
  /** What a request was answered the first time. Error: SCHEDULER_KEY_REUSED. */
  find(request: KeyedRequest): Promise<FirstAnswer | undefined>
  /** Keeps a refusal, unless the request was answered before. @returns its first answer. Error: SCHEDULER_KEY_REUSED. */
  recordRefusal(request: KeyedRequest, rows: FirstAnswer['rows']): Promise<FirstAnswer>
  /** Forgets answers of more than a day ago. */
  tidy(): Promise<void>
}

export function createIdempotency({ store, clock }: IdempotencyDeps): Idempotency {
  return {
    async find(request) {
      const kept = await readAnswer(store.db, request, clock.now())
      return kept === undefined ? undefined : firstAnswer(request, kept)
    },
    recordRefusal: async (request, rows) => {
      const refusal = { phase: 'validation', rows } as const
      const { first } = await store.transact((tx) =>
        answerOnce(tx, request, clock.now(), async () => refusal),
      )
      return first ?? refusal
    },
    tidy: () => forgetAnswers(store.db, clock.now()),
  }
}

/** An answer made now, or the `first` one if the request was answered before. */
export type OnceAnswered =
  | { readonly now: FirstAnswer; readonly first?: undefined }
  | { readonly first: FirstAnswer }

/** Answers a request in a transaction: by `work`, or as it was answered before. Error: SCHEDULER_KEY_REUSED. */
export async function answerOnce(
  tx: Db,
  request: KeyedRequest,
  now: Date,
  work: () => Promise<FirstAnswer>,
): Promise<OnceAnswered> {
  if (await takeKey(tx, request, now)) {
    const answer = await work()
    await keepAnswer(tx, request, answer)
    return { now: answer }
  }
  const kept = await readAnswer(tx, request, now)
  if (kept === undefined) throw new Error('a key that is taken has no answer')
  return { first: firstAnswer(request, kept) }
}

function firstAnswer({ fingerprint }: KeyedRequest, { phase, rows, ...kept }: KeptAnswer): FirstAnswer {
  if (kept.fingerprint !== fingerprint) throw createError('SCHEDULER_KEY_REUSED')
  return { phase, rows }
}
