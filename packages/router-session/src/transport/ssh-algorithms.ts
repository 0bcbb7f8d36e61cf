import type { Algorithms } from 'ssh2'

/** What IOS XR 4.x and 5.x need: SHA-1 key exchange, CBC ciphers, DSA host keys. The modern ones stay in front. */
export const LEGACY_ALGORITHMS: Algorithms = {
  kex: appended([
    'diffie-hellman-group-exchange-sha1',
    'diffie-hellman-group14-sha1',
    'diffie-hellman-group1-sha1',
  ]),
  cipher: appended(['aes256-cbc', 'aes192-cbc', 'aes128-cbc', '3des-cbc']),
  serverHostKey: appended(['ssh-dss']),
  hmac: appended(['hmac-md5', 'hmac-sha1-96', 'hmac-md5-96']),
}

function appended<T>(names: T[]): Record<'append' | 'prepend' | 'remove', T[]> {
  return { append: names, prepend: [], remove: [] }
}
