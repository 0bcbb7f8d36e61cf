// What every transport must do. Each transport's test runs this suite with a way to open a hub of its own.
import type { Test } from 'tap'
import { closing } from './conformance/closing.ts'
import { contracts } from './conformance/contracts.ts'
import { events } from './conformance/events.ts'
import { questions } from './conformance/questions.ts'
import { sizes } from './conformance/sizes.ts'
import { createStage, type OpenHub } from './conformance/support.ts'

export type { ConformanceHub } from './conformance/support.ts'

/** Runs the suite as subtests of `t`. */
export function busConformance(t: Test, openHub: OpenHub): void {
  const stage = createStage(openHub)
  for (const section of [questions, contracts, events, sizes, closing]) section(t, stage)
}
