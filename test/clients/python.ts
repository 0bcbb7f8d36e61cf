// A Python that has the package requests: Debian's own first, as another python3 may stand before it on the PATH.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

interface Skips {
  pass(message: string, extra: { skip: string }): unknown
}

/** The interpreter, or undefined where there is none; then the report says so, and on CI it throws. */
export async function findPython(t: Skips): Promise<string | undefined> {
  for (const python of ['/usr/bin/python3', 'python3']) {
    const found = await promisify(execFile)(python, ['-c', 'import requests']).then(
      () => true,
      () => false,
    )
    if (found) return python
  }
  const advice = 'python3 cannot import requests (Debian: apt-get install python3-requests)'
  if (process.env['CI']) throw new Error(`Tests cannot run: ${advice}`)
  t.pass("LEFT OUT: the API guide's Python examples", { skip: advice })
  return undefined
}
