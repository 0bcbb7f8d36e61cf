/** What a user may try after the demo, with commands that work as printed. */
export function whatNext(url: string, username: string): string[] {
  return [
    '',
    'Slipway keeps running. Try in another terminal:',
    `  TOKEN=$(curl -s -u ${username}:<password> ${url}/api/v1/token | sed 's/.*:"\\(.*\\)".*/\\1/')`,
    `  curl -u $TOKEN:unused ${url}/api/v1/hosts`,
    `  curl -u $TOKEN:unused "${url}/api/v1/install?status=completed"`,
    `  curl -u $TOKEN:unused ${url}/api/v1/cco/catalog`,
    `  curl -u $TOKEN:unused "${url}/api/v1/cco/software?platform=asr9k_px&release=5.3.3"`,
    'Ctrl-C stops Slipway and the lab.',
  ]
}
