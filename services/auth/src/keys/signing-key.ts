// A key pair that signs tokens. One is current; it is replaced by age, and its public half stays valid long enough
// for every token that it signed.
import { generateKeyPair, randomUUID } from 'node:crypto'
import { promisify } from 'node:util'
import { tokenLifetimeS } from '@slipway/contracts'

/** A retired key verifies for two hours: tokens live one, and replicas may sign with it a little longer. */
export const retiredKeyMs = 2 * tokenLifetimeS * 1_000

export interface SigningKey {
  readonly kid: string
  readonly publicPem: string
  readonly sealedPrivatePem: string
  readonly createdAt: Date
  /** Absent for the current key. */
  readonly retiredAt: Date | undefined
}

/** A key pair as it is made, before its private half is sealed. */
export interface KeyPair {
  readonly kid: string
  readonly publicPem: string
  readonly privatePem: string
}

const generate = promisify(generateKeyPair)

/** A new pair for ES256. */
export async function generateKeys(): Promise<KeyPair> {
  const { publicKey, privateKey } = await generate('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  return { kid: randomUUID(), publicPem: publicKey, privatePem: privateKey }
}

/** True if a key has signed for as long as it may. */
export function isDue(key: SigningKey, rotationMs: number, now: Date): boolean {
  return now.getTime() - key.createdAt.getTime() >= rotationMs
}
