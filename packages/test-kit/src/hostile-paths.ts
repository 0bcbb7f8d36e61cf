/**
 * Paths below a file server's prefix that lead to no file, although `<directory>/agent.tgz` is there: traversal in every
 * encoding, separators and ends that others overlook, hidden names, names that are too long.
 */
export function hostilePaths(directory: string): string[] {
  const file = `${directory}/agent.tgz`
  return [
    '',
    '/',
    directory,
    `${directory}/`,
    `${file}/`,
    `/${file}`,
    `${directory}//agent.tgz`,
    `${file};x=1`,
    `${directory};x=1/agent.tgz`,
    `${directory}%2fagent.tgz`,
    `${directory}%2Fagent.tgz`,
    `${directory}/..%2f${directory}%2fagent.tgz`,
    `../download/${file}`,
    `./${file}`,
    `${directory}/./agent.tgz`,
    `${directory}/../${file}`,
    '%2e%2e/%2e%2e/etc/passwd',
    '..%2f..%2fetc%2fpasswd',
    '..%252f..%252fetc/passwd',
    '%252e%252e/agent.tgz',
    '..%c0%afetc/passwd',
    '%c0%ae%c0%ae/agent.tgz',
    '..%5cetc/passwd',
    `${directory}%5cagent.tgz`,
    `${directory}\\agent.tgz`,
    `${file}%00`,
    `${file}%00.gz`,
    `${file}%20`,
    `${file}%0d%0aX:1`,
    `${directory}/.hidden.gz`,
    `${directory}/%2ehidden.gz`,
    '.incoming/x.gz',
    './root.gz',
    'root.gz',
    '~/agent.tgz',
    `${file}:stream`,
    `${file}/../agent.tgz`,
    `${directory}/%e0%a4%a`,
    `${directory}/%zz`,
    'x'.repeat(5_000),
    `${directory}/${'x'.repeat(5_000)}.gz`,
    `${directory}/${'x'.repeat(250)}.gz`,
    // Wide letters, which some take for the ordinary ones.
    `${directory}/${encodeURIComponent('ＡＧＥＮＴ')}.tgz`,
  ]
}
