/** SSH host keys, made once per process: Ed25519 and ECDSA, which cost milliseconds where RSA costs seconds. */
import ssh2 from 'ssh2'

let shared: Promise<readonly string[]> | undefined

/** Private keys in OpenSSH form. All servers of a process share one set. */
export function hostKeys(): Promise<readonly string[]> {
  shared ??= Promise.all([makeKey('ed25519'), makeKey('ecdsa')])
  return shared
}

/** One key that its maker can read again: of the Ed25519 pairs that ssh2 1.17 makes, one in 200 cannot be read. */
async function makeKey(type: 'ed25519' | 'ecdsa'): Promise<string> {
  for (;;) {
    const key = await generate(type)
    if (!(ssh2.utils.parseKey(key) instanceof Error)) return key
  }
}

function generate(type: 'ed25519' | 'ecdsa'): Promise<string> {
  return new Promise((resolve, reject) => {
    const done = (error: Error | null, pair: { private: string }) =>
      error === null ? resolve(pair.private) : reject(error)
    if (type === 'ecdsa') ssh2.utils.generateKeyPair('ecdsa', { bits: 256 }, done)
    else ssh2.utils.generateKeyPair('ed25519', done)
  })
}
