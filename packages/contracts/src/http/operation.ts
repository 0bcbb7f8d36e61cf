// An operation of the HTTP API as data: what the description served at /api/v1/openapi.json says of it. The shapes
// describe what clients may send and what they get; a test of the journeys holds every real answer against them.
import type { TSchema } from '@sinclair/typebox'
import type { Permission } from '../permissions.ts'

/** A parameter of a path, a query or a header. Everything arrives as text; `schema` tells which text. */
export interface HttpParameter {
  readonly description: string
  readonly schema: TSchema
  readonly required?: boolean
  readonly example?: string | number
}

/** One possible answer. Without `schema` it has no body. */
export interface HttpAnswer {
  readonly description: string
  readonly schema?: TSchema
  readonly example?: unknown
  /** Default: application/json. */
  readonly mediaTypes?: readonly string[]
  readonly headers?: Readonly<Record<string, string>>
}

export interface HttpBody {
  readonly description: string
  readonly schema: TSchema
  readonly required: boolean
  /** Named examples. */
  readonly examples?: Readonly<Record<string, unknown>>
  /** Default: application/json. */
  readonly mediaType?: string
}

export const httpTags = [
  'Token',
  'Hosts',
  'Regions',
  'Jump hosts',
  'Server repositories',
  'Custom command profiles',
  'Installation jobs',
  'Dispatch',
  'Catalog',
  'Distributions',
  'Users',
  'Operation',
] as const

export interface HttpOperation {
  readonly method: 'get' | 'head' | 'post' | 'put' | 'delete'
  /** The whole path; `{name}` stands for a segment. */
  readonly path: string
  /** Name of the operation in generated clients. */
  readonly id: string
  readonly tag: (typeof httpTags)[number]
  readonly summary: string
  readonly description?: string
  /** Who may call it; `anybody` with good credentials, or `public`: no credentials. */
  readonly permission: Permission | 'anybody' | 'public'
  readonly params?: Readonly<Record<string, HttpParameter>>
  readonly query?: Readonly<Record<string, HttpParameter>>
  readonly headers?: Readonly<Record<string, HttpParameter>>
  readonly body?: HttpBody
  /** By status; what every operation may answer (401, 429, 500, 503, …) is added by whoever writes the document. */
  readonly answers: Readonly<Record<number, HttpAnswer>>
  /** True if `answers` are all there are: nothing is added but 500. */
  readonly isComplete?: true
}
