export { LAB_HELP, type LabIo, NASTY_BANNER, runLabCli } from './cli.ts'
export { FAULT_KINDS, type Fault, type FaultKind } from './faults.ts'
export {
  type Credentials,
  type Fetcher,
  type Fetchers,
  type FetchFailure,
  type FetchSession,
  fetchError,
} from './fetch/fetcher.ts'
export { openFtp } from './fetch/ftp-fetcher.ts'
export { createHttpFetcher } from './fetch/http-fetcher.ts'
export { maskUrl, parseRepositoryUrl, type RepositoryUrl } from './fetch/repository-url.ts'
export { openSftp } from './fetch/sftp-fetcher.ts'
export type { Operation, OperationKind, OperationState } from './install/operation.ts'
export { createFtpRepository } from './lab/ftp-repository.ts'
export {
  createJumpHost,
  type JumpHostCounts,
  type JumpHostOptions,
  type SimulatedJumpHost,
} from './lab/jump-host.ts'
export { createLab, type Lab, type LabOptions } from './lab/lab.ts'
export type { LabJumpHost, LabLine, LabRepositoryLine, LabRouterLine } from './lab/lab-lines.ts'
export { DEFAULT_SPECS, type LabSpec } from './lab/lab-plan.ts'
export type { Repository, RepositoryCounts, RepositoryOptions } from './lab/repository.ts'
export { createSftpRepository } from './lab/sftp-repository.ts'
export type { Mutation, MutationKind } from './mutations.ts'
export {
  createRouter,
  type RouterEvents,
  type RouterOptions,
  type SimulatedRouter,
} from './router.ts'
export { DEFAULT_TIMING, type Timing } from './router-core.ts'
export type { RouterState } from './router-snapshot.ts'
export { hasSimCode, type SimError, type SimErrorCode } from './sim-error.ts'
export {
  DEMO_RELEASES,
  DEMO_TAR,
  demoPackages,
  initialPackages,
  writeDemoPackages,
} from './software/demo-packages.ts'
export { FAMILIES, type Family, type PackageFacts, type PackageKind } from './software/package-facts.ts'
export { decodePackages, encodePackage, encodeTar } from './software/package-file.ts'
