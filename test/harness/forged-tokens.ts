// Tokens that must be refused, the hardest to tell among them signed with the very key of the running Slipway: a test
// reads the master key from the data directory, and so the signing key from the database.
import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createKeyring } from '@slipway/secrets'
import { createOpener } from '@slipway/secrets/open'
import { readTable } from './database.ts'

type Part = Record<string, unknown>

interface Minter {
  /** A token with keys of claims and header replaced (undefined removes one), signed as it should be or by another key. */
  mint(claims: Part, header?: Part, key?: KeyObject): string
  publicPem: string
}

/** Makes tokens like a good one. @param good a token that the running Slipway issued */
async function createMinter(dataDir: string, good: string): Promise<Minter> {
  const [row] = await readTable(dataDir, 'slipway_auth', 'SELECT * FROM signing_key WHERE retired_at IS NULL')
  const { kid = '', sealed_private_pem: sealed = '', public_pem: publicPem = '' } = row ?? {}
  const place = { table: 'signing_key', row: kid, field: 'private_pem' }
  const keyring = createKeyring(readFileSync(join(dataDir, 'master.key'), 'utf8').trim())
  const own = createPrivateKey(createOpener(keyring).open(sealed, place))
  const [header = {}, claims = {}] = good
    .split('.', 2)
    .map((part): Part => JSON.parse(Buffer.from(part, 'base64url').toString()))
  return {
    publicPem,
    mint: (otherClaims, otherHeader = {}, key = own) => {
      const input = encode({ ...header, ...otherHeader }, { ...claims, ...otherClaims })
      const signature = sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' })
      return `${input}.${signature.toString('base64url')}`
    },
  }
}

const encode = (...parts: Part[]) =>
  parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')

/** A fresh token of the same user, which must be accepted, and tokens that must not be, by what is wrong with them. */
export async function forgeTokens(
  dataDir: string,
  good: string,
): Promise<{ accepted: string; refused: Map<string, string> }> {
  const { mint, publicPem } = await createMinter(dataDir, good)
  const now = Math.floor(Date.now() / 1_000)
  const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const [header = '', claims = '', signature = ''] = good.split('.')
  const read = (part: string): Part => JSON.parse(Buffer.from(part, 'base64url').toString())
  const withAlg = (alg: string, more: Part = {}) => encode({ ...read(header), alg, ...more }, read(claims))
  const hs256 = (key: string | Buffer) => {
    const input = withAlg('HS256')
    return `${input}.${createHmac('sha256', key).update(input).digest('base64url')}`
  }
  const raised = encode({ ...read(claims), privilege: 'Admin', sub: 'root' })
  const der = createPublicKey(publicPem).export({ type: 'spki', format: 'der' })
  const refused = new Map([
    ['expired', mint({ iat: now - 7_200, exp: now - 1 })],
    ['without an end', mint({ exp: undefined })],
    ['alg none', `${withAlg('none')}.`],
    ['alg None with the signature', `${withAlg('None')}.${signature}`],
    ['HS256 with the public key (PEM)', hs256(publicPem)],
    ['HS256 with the public key (DER)', hs256(der)],
    ['another kid', mint({}, { kid: '00000000-0000-4000-8000-000000000000' })],
    ['no kid', mint({}, { kid: undefined })],
    ['another audience', mint({ aud: 'somebody-else' })],
    ['another issuer', mint({ iss: 'somebody-else' })],
    ['no audience', mint({ aud: undefined })],
    ['a privilege that does not exist', mint({ privilege: 'Root' })],
    ["a stranger's key under our kid", mint({}, {}, stranger.privateKey)],
    [
      "a stranger's key within",
      mint({}, { jwk: stranger.publicKey.export({ format: 'jwk' }) }, stranger.privateKey),
    ],
    ['claims exchanged', `${header}.${raised}.${signature}`],
    ['signature cut', `${header}.${claims}.${signature.slice(0, -2)}`],
    ['no signature', `${header}.${claims}.`],
  ])
  return { accepted: mint({ jti: 'minted by the test' }), refused }
}
