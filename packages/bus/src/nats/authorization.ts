// Users of a nats-server: who may say and hear what, as the server's configuration wants it.

/** Subjects a user may send to and listen to; `>` stands for everything below. See busAccess in contracts. */
export interface NatsAccess {
  readonly publish: readonly string[]
  readonly subscribe: readonly string[]
}

export type NatsUser = { readonly access: NatsAccess } & (
  | { readonly user: string; readonly password: string }
  /** Public NKey (`U…`); the seed stays with the service. */
  | { readonly nkey: string }
)

/** The `authorization` block for users who may do what is listed and nothing else. */
export function natsAuthorization(users: readonly NatsUser[]): string {
  const entries = users.map(({ access: { publish, subscribe }, ...identity }) => ({
    ...identity,
    permissions: { publish: { allow: publish }, subscribe: { allow: subscribe } },
  }))
  return `authorization: ${JSON.stringify({ users: entries }, undefined, 2)}\n`
}
