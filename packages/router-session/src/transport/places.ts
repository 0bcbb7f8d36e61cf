import { deviceError } from '../device-error.ts'

/** A number of places that are taken and given back; who finds none waits in line. */
export interface Places {
  /** Waits for a place. Returns how to give it back; doing so twice does no harm. An abort leaves the line: DEVICE_ABORTED. */
  take: (signal?: AbortSignal) => Promise<() => void>
  /** Nobody would have to wait now. */
  readonly free: () => boolean
  /** Places in use and people in line. */
  readonly wanted: () => number
}

/** Makes so many places, all free. */
export function createPlaces(most: number): Places {
  const line: (() => void)[] = []
  let taken = 0

  const giveBack = () => {
    const next = line.shift()
    // The place goes from hand to hand, so that nobody can come in between.
    if (next === undefined) taken -= 1
    else next()
  }
  const once = (): (() => void) => {
    let given = false
    return () => {
      if (given) return
      given = true
      giveBack()
    }
  }
  return {
    free: () => taken < most,
    wanted: () => taken + line.length,
    async take(signal) {
      if (signal?.aborted) throw abandoned()
      if (taken < most) taken += 1
      else await standInLine(line, signal)
      return once()
    },
  }
}

function standInLine(line: (() => void)[], signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const myTurn = () => {
      signal?.removeEventListener('abort', leave)
      resolve()
    }
    const leave = () => {
      line.splice(line.indexOf(myTurn), 1)
      reject(abandoned())
    }
    signal?.addEventListener('abort', leave, { once: true })
    line.push(myTurn)
  })
}

function abandoned() {
  return deviceError('DEVICE_ABORTED', 'Connecting was aborted while waiting for its turn')
}
