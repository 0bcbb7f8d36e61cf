// What is wrong with an upload before a byte of it is read, so that nobody sends 300 MiB for nothing.
import {
  archiveLimitBytes,
  createError,
  distributionKind,
  distributionNameProblem,
  publishingProblem,
} from '@slipway/contracts'
import type { FastifyRequest } from 'fastify'

/** Errors: DISTRIBUTION_REFUSED, INPUT_TOO_LARGE. The distribution service checks the same, and the rest. */
export function checkUpload({ params, headers }: FastifyRequest): void {
  const { directory = '', file = '' } = params as { directory?: string; file?: string }
  const problem = distributionNameProblem({ directory, file }) ?? publishingProblem({ directory, file })
  if (problem !== undefined) throw createError('DISTRIBUTION_REFUSED', [`${directory}/${file}`, problem])
  const isArchive = distributionKind(file) !== 'software'
  if (isArchive && Number(headers['content-length'] ?? 0) > archiveLimitBytes) {
    throw createError('INPUT_TOO_LARGE', [`at most ${archiveLimitBytes} bytes.`])
  }
}
