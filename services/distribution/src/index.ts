export { type DistributionService, distributionService, type RunningDistribution } from './service.ts'
