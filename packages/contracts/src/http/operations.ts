// Every operation of the HTTP API.
import { catalogOperations } from './catalog-http.ts'
import { dispatchOperations } from './dispatch-http.ts'
import { distributionOperations } from './distribution-http.ts'
import { downloadOperations } from './download-http.ts'
import { hostOperations } from './host-http.ts'
import { installOperations } from './install-http.ts'
import type { HttpOperation } from './operation.ts'
import { referenceOperations } from './reference-http.ts'
import { serverOperations } from './server-http.ts'
import { tokenOperations } from './token-http.ts'
import { userOperations } from './user-http.ts'

export const httpOperations: readonly HttpOperation[] = [
  ...tokenOperations,
  ...hostOperations,
  ...referenceOperations,
  ...installOperations,
  ...dispatchOperations,
  ...distributionOperations,
  ...downloadOperations,
  ...catalogOperations,
  ...userOperations,
  ...serverOperations,
]
