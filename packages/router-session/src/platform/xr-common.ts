// What classic IOS XR and 64-bit IOS XR have in common.
import type { Marker, PlaneDefinition } from './platform.ts'

/**
 * XR prompt: `RP/0/RSP0/CPU0:host#`, `RP/0/7/CPU0:GSR-PE19#`, `RP/0/RP0:host#` (NCS4K, no CPU),
 * `RP/0/RP0/CPU0:ios(config)#`. The hostname may be any: after a reload it is `ios`.
 */
const XR_PROMPT =
  /^RP\/\d+\/(?:RSP|RP)?\d+(?:\/CPU\d+)?:(?<host>[^\s#>()]{1,64})(?:\((?<mode>[^)\r\n]{1,64})\))?#/

export const xrPlane: PlaneDefinition = {
  prompt: XR_PROMPT,
  setup: ['terminal exec prompt no-timestamp', 'terminal length 0', 'terminal width 0'],
}

export const xrFailures: readonly Marker[] = [
  marker(/^\s*% ?Invalid (?:input|command)/i, 'invalid input', "% Invalid input detected at '^' marker."),
  marker(/^\s*% ?Incomplete (?:input|command)/i, 'incomplete command', '% Incomplete command.'),
  marker(/^\s*% ?Ambiguous/i, 'ambiguous command', '% Ambiguous command:  "sh"'),
  marker(/^\s*% ?Unmatched quote/i, 'unmatched quote', '% Unmatched quote'),
  marker(/^\s*% ?Error parsing piping string/i, 'bad pipe', '% Error parsing piping string. Quitting'),
  marker(/^\s*% ?Failed to commit/i, 'commit failed', '% Failed to commit one or more configuration items'),
  marker(/^\s*% ?This command is not authorized/i, 'not authorized', '% This command is not authorized'),
  marker(/^\s*(?:% ?)?Command authorization failed/i, 'not authorized', 'Command authorization failed'),
  marker(/^\s*% ?Permission denied/i, 'not authorized', '% Permission denied'),
  marker(/^\s*(?:% ?)?Error: input buffer overflow/i, 'command too long', 'Error: input buffer overflow'),
]

/** One marker. */
export function marker(pattern: RegExp, meaning: string, sample: string): Marker {
  return { pattern, meaning, sample }
}
