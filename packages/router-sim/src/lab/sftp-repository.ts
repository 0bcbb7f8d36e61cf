/**
 * A read-only SFTP server over one directory, for one user. It counts logins and downloads, and nothing outside
 * its root can be named: paths are resolved below the root, links that lead out are refused.
 */
import ssh2, { type AuthContext, type Connection } from 'ssh2'
import { hostKeys } from '../host-keys.ts'
import { createPortListener } from '../transport/port-listener.ts'
import { serveFiles } from './sftp-files.ts'

/** Options of a repository. */
export interface SftpRepositoryOptions {
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
export interface SftpRepository {
  readonly start: () => Promise<{ readonly address: string; readonly port: number }>
  readonly stop: () => Promise<void>
  readonly counts: () => RepositoryCounts
  readonly reset: () => void
}

/** Makes an SFTP repository; it listens after `start()`. */
export function createSftpRepository(options: SftpRepositoryOptions): SftpRepository {
  const address = options.address ?? '127.0.0.1'
  const downloads = new Map<string, number>()
  let logins = 0
  let refusedLogins = 0
  let server: InstanceType<typeof ssh2.Server> | undefined
  const listener = createPortListener({ address, port: options.port ?? 0 }, (socket) =>
    server?.injectSocket(socket),
  )

  const authenticate = (context: AuthContext) => {
    const decide = (password: string) => {
      const right = context.username === options.user && password === options.password
      if (right) logins += 1
      else refusedLogins += 1
      if (right) context.accept()
      else context.reject(['password', 'keyboard-interactive'])
    }
    if (context.method === 'password') decide(context.password)
    else if (context.method === 'keyboard-interactive') {
      context.prompt([{ prompt: 'Password: ', echo: false }], '', '', (answers) => decide(answers[0] ?? ''))
    } else context.reject(['password', 'keyboard-interactive'])
  }
  const serve = (connection: Connection) => {
    connection.on('error', () => connection.end())
    connection.on('authentication', authenticate)
    connection.on('ready', () => {
      connection.on('session', (accept) => {
        accept().on('sftp', (acceptSftp) => {
          serveFiles(acceptSftp(), options.root, (path) =>
            downloads.set(path, (downloads.get(path) ?? 0) + 1),
          )
        })
      })
    })
  }
  return {
    async start() {
      server ??= new ssh2.Server({ hostKeys: [...(await hostKeys())] }, serve)
      // Errors of single connections arrive here too; each closes its own connection.
      server.on('error', () => undefined)
      return { address, port: await listener.open() }
    },
    async stop() {
      await listener.close()
      listener.cut()
    },
    counts: () => ({ logins, refusedLogins, downloads: Object.fromEntries(downloads) }),
    reset() {
      logins = 0
      refusedLogins = 0
      downloads.clear()
    },
  }
}
