import type { Bus, Registration } from '@slipway/bus'
import { catalogMessages, createError } from '@slipway/contracts'
import type { ImportService } from './import-service.ts'

/** Answers the questions about imports. */
export function serveImports(bus: Bus, imports: ImportService): Registration[] {
  return [
    bus.serve(catalogMessages.startImport, async ({ source }, { caller }) => {
      // The bus lets no such request through.
      if (caller === undefined) throw createError('AUTH_NOT_AUTHORIZED')
      return { id: await imports.start(source, caller.username) }
    }),
    bus.serve(catalogMessages.findImport, ({ id }) => imports.find(id)),
  ]
}
