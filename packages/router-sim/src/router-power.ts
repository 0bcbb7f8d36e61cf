/**
 * Power and port of a router: on, off, reloading, and the faults that close the port. A router is `down` from the
 * loss of its sessions until its port is open again.
 */
import { FAULT_KINDS, type FaultScript } from './faults.ts'
import type { Timing } from './router-core.ts'
import type { PortListener } from './transport/port-listener.ts'

/** How a router stands. */
export type PowerStatus = 'up' | 'down' | 'stopped'

/** What power needs of its router. */
export interface PowerDeps {
  readonly listener: PortListener
  readonly faults: FaultScript
  readonly timing: Timing
  /** The router goes down: whatever runs is interrupted. */
  readonly wentDown: (reason: string) => void
  /** The router boots, before its port opens. */
  readonly boots: () => void
  /** The port is open. */
  readonly cameUp: () => void
  /** A port that cannot be opened again, which only another process can cause. */
  readonly failed: (error: unknown) => void
}

/** Power and port of one router. */
export interface Power {
  readonly status: () => PowerStatus
  readonly reloads: () => number
  /** Switches on; the port. @throws SIM_PORT_UNAVAILABLE */
  readonly start: () => Promise<number>
  readonly stop: () => Promise<void>
  /** Goes down after the reload delay. */
  readonly reload: (reason: string) => void
  /** Goes down at once. */
  readonly cycle: (reason: string) => void
  /** Call after the fault script changed: the port follows `refuse`, a router held by `stay-down` is let go. */
  readonly followFaults: () => void
}

/** Makes the power of a router. */
export function createPower(deps: PowerDeps): Power {
  const { listener, faults, timing } = deps
  const timers = new Set<NodeJS.Timeout>()
  let status: PowerStatus = 'stopped'
  let booting = false
  let refusing = false
  let reloads = 0

  const later = (milliseconds: number, action: () => void) => {
    const timer = setTimeout(() => {
      timers.delete(timer)
      action()
    }, milliseconds)
    timers.add(timer)
  }
  const open = async () => {
    refusing = faults.has(FAULT_KINDS.refuse)
    const port = await listener.open()
    if (refusing) await listener.close()
    return port
  }
  const boot = async () => {
    if (status !== 'down' || booting || faults.has(FAULT_KINDS.stayDown)) return
    booting = true
    deps.boots()
    try {
      await open()
      // Switched off while the port was opening: stop() has asked to close it.
      if (powered()) {
        status = 'up'
        deps.cameUp()
      }
    } finally {
      booting = false
    }
  }
  const powered = () => status !== 'stopped'
  const bootLater = () => later(timing.reloadMs, () => boot().catch(deps.failed))
  const cycle = (reason: string) => {
    if (status !== 'up') return
    status = 'down'
    reloads += 1
    deps.wentDown(reason)
    listener.cut()
    // Cut again once closed: whoever slipped in while the port was closing.
    listener.close().then(listener.cut, deps.failed)
    bootLater()
  }
  return {
    status: () => status,
    reloads: () => reloads,
    async start() {
      const port = await open()
      status = 'up'
      deps.cameUp()
      return port
    },
    async stop() {
      status = 'stopped'
      for (const timer of timers) clearTimeout(timer)
      timers.clear()
      await listener.close()
      listener.cut()
    },
    reload: (reason) => later(timing.reloadDelayMs, () => cycle(reason)),
    cycle,
    followFaults() {
      if (status === 'down' && !faults.has(FAULT_KINDS.stayDown)) bootLater()
      if (status !== 'up' || refusing === faults.has(FAULT_KINDS.refuse)) return
      refusing = !refusing
      const action = refusing ? listener.close() : listener.open().then(deps.cameUp)
      action.catch(deps.failed)
    },
  }
}
