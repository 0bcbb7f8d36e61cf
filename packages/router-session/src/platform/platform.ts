// A platform is data: how its prompts look, what is set up after login, how it refuses, where its facts are.

/** One command line of a device, with its own prompt. */
export interface PlaneDefinition {
  /** Matches the prompt at the start of a line (no end anchor), hostname in group `host`, mode in group `mode`. */
  prompt: RegExp
  /** Commands that make the terminal plain; a refusal of one is ignored. */
  setup: readonly string[]
}

/** A plane one enters and leaves. */
export interface AdminPlaneDefinition extends PlaneDefinition {
  enter: string
  leave: string
}

/** Words of the device with one meaning, and an example of them. */
export interface Marker {
  pattern: RegExp
  meaning: string
  sample: string
}

/** Everything the session has to know about an operating system. */
export interface PlatformDefinition {
  name: 'iosxr' | 'iosxr64'
  osType: 'XR' | 'eXR'
  title: string
  main: PlaneDefinition
  admin: AdminPlaneDefinition
  /** Lines with which a command is refused. */
  failures: readonly Marker[]
  /** Tried in order until one is understood. */
  versionCommands: readonly string[]
  /** Where the chassis record is: commands of a plane, tried in order. */
  chassis: readonly { plane: 'main' | 'admin'; command: string }[]
  /** Prefix of the `cisco <token>` line → family. The longest prefix wins. */
  families: readonly (readonly [prefix: string, family: string])[]
  /** Family → software platform where they differ. */
  softwarePlatforms: Readonly<Record<string, string>>
  /** Finds the model in a PID: `ASR-9904-AC` → `ASR-9904`. */
  model: RegExp
}
