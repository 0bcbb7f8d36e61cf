export type { Answer } from './channel/command-reader.ts'
export type { QuietTimes } from './channel/timing.ts'
export { quietTimes } from './channel/timing.ts'
export type { ConnectOptions } from './connect-options.ts'
export { connectDefaults } from './connect-options.ts'
export type { ConnectionAttempt, DeviceErrorCode, DeviceErrorFields } from './device-error.ts'
export { DeviceError, deviceError, deviceErrorMeanings, hasDeviceCode } from './device-error.ts'
export type { DeviceProtocol, DeviceTarget, Hop } from './device-target.ts'
export { hopsOf, hopText } from './device-target.ts'
export type { JumpHost } from './jump/jump-host.ts'
export type { JumpHostState, JumpHosts, JumpHostsOptions } from './jump/jump-hosts.ts'
export { createJumpHosts } from './jump/jump-hosts.ts'
export * from './packages/index.ts'
export { isAddable, isBundle } from './packages/package-files.ts'
export type { CheckVerdict } from './parse/checks.ts'
export {
  checkConfigFilesystem,
  checkCoreErrors,
  checkFailedStartup,
  checkRedundancy,
} from './parse/checks.ts'
export type { DeviceFacts, DeviceUdi, FactTexts } from './parse/device-facts.ts'
export { factsOf, familyOf, UNKNOWN_FAMILY } from './parse/device-facts.ts'
export type { InstallLists, ListedPackage, PackageRow, PackageState } from './parse/install-lists.ts'
export { isListNotReady, parseExrPackages, parseInstallList, parseXrPackages } from './parse/install-lists.ts'
export type { InstallLog, InstallOutcome } from './parse/install-log.ts'
export { installOutcome, lastOperationId, parseInstallLog } from './parse/install-log.ts'
export type { InstallRequest, InstallStart } from './parse/install-operation.ts'
export {
  installErrors,
  nodesToReload,
  parseInstallRequest,
  parseInstallStart,
  RELOAD_QUESTION,
} from './parse/install-operation.ts'
export type { InventoryPart } from './parse/inventory.ts'
export { chassisPart, mergeInventories, parseInventory } from './parse/inventory.ts'
export type { IsisSummary } from './parse/isis.ts'
export { compareIsis, ISIS_SNAPSHOT_MAX_AGE_MS, parseIsisSummary } from './parse/isis.ts'
export type { NodeVerdict, PlatformNode } from './parse/platform-nodes.ts'
export { judgeNodes, parsePlatform, stableStates } from './parse/platform-nodes.ts'
export { parseConsole } from './parse/users.ts'
export type { VersionText } from './parse/version.ts'
export { parseShowVersion } from './parse/version.ts'
export { platformOf } from './platform/detect.ts'
export { iosxr } from './platform/iosxr.ts'
export { iosxr64 } from './platform/iosxr64.ts'
export type {
  AdminPlaneDefinition,
  Marker,
  PlaneDefinition,
  PlatformDefinition,
} from './platform/platform.ts'
export type { LogScrub } from './scrub/log-scrub.ts'
export { createLogScrub } from './scrub/log-scrub.ts'
export type { Scrub } from './scrub/scrub.ts'
export { createScrub, MASK, scrub } from './scrub/scrub.ts'
export type { CommandWatch, WatchedCommand } from './session/command-watch.ts'
export { connectDevice } from './session/connect.ts'
export type { CommandOptions, CommandResult, DeviceSession, RunCommand } from './session/device-session.ts'
export type { ReconnectOptions } from './session/reconnect.ts'
export { reconnectDevice } from './session/reconnect.ts'
export type { HandshakeLimits, Handshakes } from './transport/handshakes.ts'
export { createHandshakes } from './transport/handshakes.ts'
export { tcpDial } from './transport/tcp-dial.ts'
export type { Dial, OpenLimits, Path } from './transport/transport.ts'
