// All sealed values of all services, with the first key of SLIPWAY_MASTER_KEY.
import { type Connection, withClient } from '@slipway/database'
import { createKeyring, createSealer } from '@slipway/secrets'
import type { SealedTable } from '@slipway/service-kit'
import { countOthers, type Queries, resealColumn } from './reseal.ts'

/** A service whose database holds sealed values. */
export interface SealedDatabase {
  readonly name: string
  readonly connection: Connection
  readonly sealedTables: readonly SealedTable[]
}

export interface RekeyOptions {
  readonly databases: readonly SealedDatabase[]
  /** In the form of SLIPWAY_MASTER_KEY. */
  readonly masterKey: string
  /** Only count. */
  readonly check: boolean
  /** Told in lines what is done. */
  print(line: string): void
}

/** Services write while this goes on; what one wrote with an old key after its column was passed is found again. */
const mostRounds = 5

/** @returns how many values are not sealed with the first key in the end. Errors: those of createKeyring. */
export async function rekey({ databases, masterKey, check, print }: RekeyOptions): Promise<number> {
  const keyring = createKeyring(masterKey)
  const keyId = keyring.sealingKeyId
  const sealer = createSealer(keyring)
  let left = 0
  for (const { name, connection, sealedTables } of databases) {
    await withClient(connection, async (client) => {
      const db: Queries = { query: async (text, values) => client.query(text, values) as never }
      for (const spec of sealedTables) {
        for (const column of spec.columns) {
          const where = `${name}: ${spec.table}.${column.field}`
          let others = await countOthers(db, spec, column, keyId)
          for (let round = 0; !check && others > 0 && round < mostRounds; round += 1) {
            const failures: string[] = []
            await resealColumn(db, spec, column, {
              sealer,
              keyId,
              onProgress: (resealed) => print(`${where}: ${resealed} of ${others} sealed again`),
              onFailure: (_place, error) => failures.push(error.message),
            })
            others = await countOthers(db, spec, column, keyId)
            if (failures.length > 0 && failures.length >= others) {
              for (const failure of failures) print(`${where}: ${failure}`)
              break
            }
          }
          print(`${where}: ${others === 0 ? `all with ${keyId}` : `${others} not with ${keyId}`}`)
          left += others
        }
      }
    })
  }
  return left
}
