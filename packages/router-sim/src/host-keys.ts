/** SSH host keys, made once per process: an Ed25519 and, for old clients, an RSA key of 2048 bits. */
import ssh2 from 'ssh2'

let shared: Promise<readonly string[]> | undefined

/** Private keys in OpenSSH form. All routers of a process share one set: making keys is what costs. */
export function hostKeys(): Promise<readonly string[]> {
  shared ??= Promise.all([makeKey('ed25519'), makeKey('rsa')])
  return shared
}

function makeKey(type: 'ed25519' | 'rsa'): Promise<string> {
  return new Promise((resolve, reject) => {
    const done = (error: Error | null, pair: { private: string }) =>
      error === null ? resolve(pair.private) : reject(error)
    if (type === 'rsa') ssh2.utils.generateKeyPair('rsa', { bits: 2048 }, done)
    else ssh2.utils.generateKeyPair('ed25519', done)
  })
}
