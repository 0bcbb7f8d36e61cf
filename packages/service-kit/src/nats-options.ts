import type { ProcessSettings } from './process-settings.ts'

/** The settings of a process as the bus takes them. */
export function natsOptions(settings: ProcessSettings) {
  const { natsUrl, natsUser, natsPassword, natsToken, natsCredsFile, natsNkeyFile } = settings
  const { natsTlsCa, natsTlsCert, natsTlsKey } = settings
  const tls = definedOnly({ ca: natsTlsCa, cert: natsTlsCert, key: natsTlsKey })
  return {
    servers: natsUrl,
    ...definedOnly({
      name: settings.instance === '' ? undefined : settings.instance,
      user: natsUser,
      pass: natsPassword,
      token: natsToken,
      credsFile: natsCredsFile,
      nkeyFile: natsNkeyFile,
    }),
    ...(Object.keys(tls).length === 0 ? {} : { tls }),
  }
}

function definedOnly<T extends Record<string, string | undefined>>(values: T): { [K in keyof T]?: string } {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries) as { [K in keyof T]?: string }
}
