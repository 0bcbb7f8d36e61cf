// The description of the API and a page to browse it. Both need no credentials (REST contract, section 8).
import { readFileSync } from 'node:fs'
import swagger, { type StaticDocumentSpec } from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'
import { openApiDocument } from './document.ts'

export const docsPath = '/docs'

/**
 * Only what this server itself serves is loaded: the page works where no internet is. Not `upgrade-insecure-requests`,
 * which breaks it on plain HTTP. Swagger UI sets styles of elements itself.
 */
const CONTENT_POLICY =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; " +
  "base-uri 'self'; frame-ancestors 'none'"

/** The description, made once. */
export function describeApi(): Readonly<Record<string, unknown>> {
  return openApiDocument(ownVersion())
}

/** Serves the browser of the API at /docs, all of it from this server. */
export async function addApiBrowser(
  app: FastifyInstance,
  document: Readonly<Record<string, unknown>>,
): Promise<void> {
  // Its types know OpenAPI 3.0 only; it hands the document on as it is.
  const specification = { document } as unknown as StaticDocumentSpec
  await app.register(swagger, { mode: 'static', specification })
  await app.register(swaggerUi, {
    routePrefix: docsPath,
    staticCSP: CONTENT_POLICY,
    uiConfig: { deepLinking: true, tryItOutEnabled: false },
    theme: { title: 'Slipway API' },
  })
}

function ownVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  const { version } = JSON.parse(text) as { version: string }
  return version
}
