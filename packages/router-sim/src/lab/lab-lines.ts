/** What a lab says of itself: one JSON line per thing. */
import type { Family } from '../software/package-facts.ts'

/** The jump host a router is reached through. */
export interface LabJumpHost {
  readonly name: string
  readonly protocol: 'ssh'
  readonly address: string
  readonly port: number
  readonly user: string
  readonly password: string
}

/** A router. */
export interface LabRouterLine {
  readonly kind: 'router'
  readonly name: string
  readonly family: Family
  readonly protocol: 'telnet' | 'ssh'
  readonly address: string
  readonly port: number
  readonly user: string
  readonly password: string
  /** There, the router is reached only through it. */
  readonly jump_host?: LabJumpHost
}

/** A server of package files. */
export interface LabRepositoryLine {
  readonly kind: 'repository'
  /** A body for `POST /server_repositories`. */
  readonly row: {
    readonly hostname: string
    readonly server_type: 'SFTP' | 'FTP'
    readonly server_address: string
    readonly home_directory: string
    readonly username: string
    readonly password: string
  }
  /** What makes one upgrade, added and activated together. */
  readonly packages: Partial<Record<Family, string[]>>
}

/** One line of `npm run lab`. */
export type LabLine =
  | LabRouterLine
  | LabRepositoryLine
  | { readonly kind: 'control'; readonly url: string }
  | { readonly kind: 'ready' }
