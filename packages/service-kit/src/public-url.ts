/** Where the API listens, and what the operator says of it. */
export interface PublicPlace {
  /** SLIPWAY_PUBLIC_URL */
  readonly publicUrl?: string | undefined
  readonly host: string
  readonly port: number
  /** Present: it is served over HTTPS. */
  readonly tlsCert?: string | undefined
}

/** How devices and agents reach the API, without a slash at its end; what is not said is made of the address it listens on. */
export function publicUrlOf({ publicUrl, host, port, tlsCert }: PublicPlace): string {
  const scheme = tlsCert === undefined ? 'http' : 'https'
  return (publicUrl ?? `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`).replace(/\/+$/, '')
}
