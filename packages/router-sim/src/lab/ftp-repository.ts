/** A read-only FTP server over one directory, for one user. It counts logins and downloads. */
import { createPortListener } from '../transport/port-listener.ts'
import { serveFtp } from './ftp-session.ts'
import { createPasswordCheck } from './password-check.ts'
import { createDownloadCounter, type Repository, type RepositoryOptions } from './repository.ts'

/** Makes an FTP repository; it listens after `start()`. Data connections are passive, on any free ports. */
export function createFtpRepository(options: RepositoryOptions): Repository {
  const address = options.address ?? '127.0.0.1'
  const passwords = createPasswordCheck(options)
  const downloads = createDownloadCounter()
  const listener = createPortListener({ address, port: options.port ?? 0 }, (socket) =>
    serveFtp(socket, { root: options.root, decide: passwords.decide, downloaded: downloads.add }),
  )
  return {
    start: async () => ({ address, port: await listener.open() }),
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
