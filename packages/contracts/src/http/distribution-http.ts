// Distributions as the HTTP API shows them. Source: distribution guide; REST contract, section 7.
import { Type } from '@sinclair/typebox'
import { maxLinkLifetimeS, maxLinkUses } from '../distribution.ts'
import { answer } from './http-samples.ts'
import { envelope, failure, listOf, named, pathName, text } from './http-shapes.ts'
import type { HttpOperation } from './operation.ts'

const base = '/api/v1/distributions'
const one = `${base}/{directory}/{file}`
const directory = text('Directory of the store.', 'im2-agent')
const file = text('Name of the file.', 'agent-2.1.tgz')
const params = {
  directory: pathName('Directory of the store: letters, digits, - . _', 'im2-agent'),
  file: pathName('Name of the file, ending in .zip, .gz or .tgz.', 'agent-2.1.tgz'),
}
const size = Type.Integer({ description: 'Bytes.', minimum: 0, examples: [48_210_344] })
const sha256 = text('SHA-256 of the content in lower-case hex; empty if it was never read.', '9f86d081…')
const published = {
  published_time: text('RFC 1123.', 'Wed, 01 Jun 2016 15:15:00 GMT'),
  published_by: text('The user; empty if it was put there by hand.', 'root'),
  version: text('From Version.txt in the archive; empty if there is none.', '13-10'),
}

const Distribution = named(
  'Distribution',
  Type.Object({
    directory,
    file,
    size,
    sha256,
    ...published,
    refused: text('Which rule it breaks; empty if it is served.', ''),
  }),
)
const Published = named(
  'PublishedDistribution',
  Type.Object({ status: Type.Literal('SUCCESS'), directory, file, size, sha256, ...published }),
)
const Activity = named(
  'DistributionActivity',
  Type.Object({
    time: text('RFC 1123.', 'Wed, 01 Jun 2016 15:15:00 GMT'),
    kind: text('published, replaced, deleted, found, gone, link-created or downloaded.', 'downloaded'),
    directory,
    file,
    sha256,
    actor: text('The user, or `link of <user>`; empty for what was done by hand.', 'root'),
    address: text('From where.', '192.0.2.7'),
    bytes: size,
    complete: Type.Boolean({ description: 'False for a download that ended early.' }),
  }),
)
const notThere = failure('There is no such file.', "Distribution 'im2-agent/agent-2.1.tgz' does not exist.")
const content = Type.String({
  description: 'The content of the file.',
  contentMediaType: 'application/octet-stream',
})

export const distributionOperations: readonly HttpOperation[] = [
  {
    method: 'get',
    path: base,
    id: 'listDistributions',
    tag: 'Distributions',
    summary: 'List distributions',
    permission: 'read',
    answers: {
      200: answer(
        'Everything in the store, also what is not served and why.',
        listOf('distribution_list', Distribution),
      ),
    },
  },
  {
    method: 'put',
    path: one,
    id: 'publishDistribution',
    tag: 'Distributions',
    summary: 'Publish a file',
    description:
      'The body is the file, of whatever Content-Type, at most 314,572,800 bytes. It becomes visible in one step; ' +
      'downloads that run finish with the old one.',
    permission: 'distribution.publish',
    params,
    query: {
      software: {
        description: 'True: software of routers (.rpm, .tar, .iso, …), which only links give out.',
        schema: Type.String({ enum: ['true', 'false'] }),
        example: 'true',
      },
    },
    body: {
      description: 'The content of the file.',
      schema: content,
      required: true,
      mediaType: 'application/octet-stream',
    },
    answers: {
      200: answer('An older file is replaced.', envelope(Published)),
      201: answer('It is new.', envelope(Published)),
      400: failure(
        'A rule is broken.',
        "'im2-agent/agent-2.1.tgz' breaks a rule of distributions: The content is not in gzip format.",
      ),
      413: failure('It is too large.', 'The request is too large: at most 314572800 bytes.'),
    },
  },
  {
    method: 'delete',
    path: one,
    id: 'deleteDistribution',
    tag: 'Distributions',
    summary: 'Delete a file',
    permission: 'distribution.publish',
    params,
    answers: {
      200: answer(
        'It is deleted; downloads that run finish.',
        envelope(Type.Object({ status: Type.Literal('SUCCESS'), directory, file })),
      ),
      404: notThere,
    },
  },
  {
    method: 'get',
    path: `${one}/activity`,
    id: 'listDistributionActivity',
    tag: 'Distributions',
    summary: 'Who published and who downloaded a file',
    permission: 'read',
    params,
    answers: {
      200: answer('At most 1,000, the latest first.', listOf('activity_list', Activity)),
    },
  },
  {
    method: 'post',
    path: `${one}/links`,
    id: 'createDistributionLink',
    tag: 'Distributions',
    summary: 'Make a link for a device that cannot authenticate',
    permission: 'distribution.publish',
    params,
    body: {
      description: 'How long it lives, and how many downloads it is for.',
      schema: Type.Object(
        {
          expires_in: Type.Optional(
            Type.Integer({ description: 'Seconds, default 3600.', minimum: 1, maximum: maxLinkLifetimeS }),
          ),
          uses: Type.Optional(
            Type.Integer({ description: 'Downloads, default 1.', minimum: 1, maximum: maxLinkUses }),
          ),
        },
        { additionalProperties: false },
      ),
      required: true,
      examples: { one: { expires_in: 600, uses: 1 } },
    },
    answers: {
      200: answer(
        'Whoever has the URL may fetch the file.',
        envelope(
          Type.Object({
            status: Type.Literal('SUCCESS'),
            url: text('The link.', 'https://slipway.example.net/download/link/…/agent-2.1.tgz'),
            expires_time: published.published_time,
            uses: Type.Integer({ minimum: 1 }),
          }),
        ),
      ),
      400: failure('A key is wrong.', "'uses' is invalid: it must be a whole number from 1 to 1000."),
      404: notThere,
    },
  },
]
