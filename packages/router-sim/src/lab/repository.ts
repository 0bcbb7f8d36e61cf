/** What all servers of package files have in common. */

/** Options of a repository. */
export interface RepositoryOptions {
  /** Directory served as `/`. */
  readonly root: string
  readonly user: string
  readonly password: string
  /** 0 or absent: any free port below the ephemeral range. */
  readonly port?: number
  /** Default 127.0.0.1. */
  readonly address?: string
}

/** What a repository has been asked for. */
export interface RepositoryCounts {
  readonly logins: number
  readonly refusedLogins: number
  /** Files opened for reading and read to their end, by path. */
  readonly downloads: Readonly<Record<string, number>>
}

/** A running or stopped repository. */
export interface Repository {
  readonly start: () => Promise<{ readonly address: string; readonly port: number }>
  readonly stop: () => Promise<void>
  readonly counts: () => RepositoryCounts
  readonly reset: () => void
}

/** Counts completed downloads by path. */
export interface DownloadCounter {
  readonly add: (path: string) => void
  readonly counts: () => Record<string, number>
  readonly reset: () => void
}

/** Makes a counter. */
export function createDownloadCounter(): DownloadCounter {
  const downloads = new Map<string, number>()
  return {
    add: (path) => void downloads.set(path, (downloads.get(path) ?? 0) + 1),
    counts: () => Object.fromEntries(downloads),
    reset: () => downloads.clear(),
  }
}
