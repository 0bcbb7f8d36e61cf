/** A read-only SFTP server over one directory, for one user. It counts logins and downloads. */
import ssh2, { type Connection } from 'ssh2'
import { hostKeys } from '../host-keys.ts'
import { createPortListener } from '../transport/port-listener.ts'
import { createPasswordCheck } from './password-check.ts'
import { createDownloadCounter, type Repository, type RepositoryOptions } from './repository.ts'
import { serveFiles } from './sftp-files.ts'

/** Makes an SFTP repository; it listens after `start()`. */
export function createSftpRepository(options: RepositoryOptions): Repository {
  const address = options.address ?? '127.0.0.1'
  const passwords = createPasswordCheck(options)
  const downloads = createDownloadCounter()
  let server: InstanceType<typeof ssh2.Server> | undefined
  const listener = createPortListener({ address, port: options.port ?? 0 }, (socket) =>
    server?.injectSocket(socket),
  )

  const serve = (connection: Connection) => {
    connection.on('error', () => connection.end())
    connection.on('authentication', passwords.check)
    connection.on('ready', () => {
      connection.on('session', (accept) => {
        accept().on('sftp', (acceptSftp) => serveFiles(acceptSftp(), options.root, downloads.add))
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
    counts: () => ({ ...passwords.counts(), downloads: downloads.counts() }),
    reset() {
      passwords.reset()
      downloads.reset()
    },
  }
}
