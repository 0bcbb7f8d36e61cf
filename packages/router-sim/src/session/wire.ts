/** One end of a byte stream to a client, whatever the transport. Text is latin1: one character is one byte. */
export interface Wire {
  readonly write: (text: string) => void
  /** Closes the stream after what was written. */
  readonly close: () => void
  /** Cuts the stream at once, as a reload or a line failure does. */
  readonly destroy: () => void
  /** Address of the client. */
  readonly remote: string
  /** `telnet` or `ssh`, as `show users` calls it. */
  readonly service: 'telnet' | 'ssh'
  /** False for an SSH channel without pseudo-terminal: the router then does not echo. */
  readonly echoes: boolean
  /** Rows and columns the client announced, if it did. */
  readonly size: () => { readonly rows: number; readonly columns: number } | undefined
  readonly onData: (listener: (bytes: Buffer) => void) => void
  readonly onClose: (listener: () => void) => void
}
