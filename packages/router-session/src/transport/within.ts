import type { DeviceError } from '../device-error.ts'
import type { Hop } from '../device-target.ts'
import { abortedError, timeoutError } from './tcp-dial.ts'
import type { OpenLimits } from './transport.ts'

/** Ends an attempt, once: with an error or with what was opened. */
export type Settle<T> = (result: { error: DeviceError } | { value: T }) => void

/** Opens something by callbacks, within limits. Throws DEVICE_TIMEOUT, DEVICE_ABORTED and what `open` settles with. */
export function within<T>(
  hop: Hop,
  { timeoutMs, signal }: OpenLimits,
  open: (settle: Settle<T>) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const settle: Settle<T> = (result) => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
      if ('error' in result) reject(result.error)
      else resolve(result.value)
    }
    const abort = () => settle({ error: abortedError(hop) })
    const timer = setTimeout(() => settle({ error: timeoutError(hop, timeoutMs) }), timeoutMs)
    if (signal?.aborted) return abort()
    signal?.addEventListener('abort', abort, { once: true })
    open(settle)
  })
}
