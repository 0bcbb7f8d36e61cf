// archiver 8 brings no types of its own; what is used of it.
declare module 'archiver' {
  import type { Readable, Transform } from 'node:stream'

  export class ZipArchive extends Transform {
    constructor(options?: { zlib?: { level?: number }; store?: boolean })
    append(source: Readable | Buffer | string, data: { name: string; mode?: number }): this
    finalize(): Promise<void>
    abort(): this
  }
}
