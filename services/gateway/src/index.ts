export { GatewayConfig } from './config.ts'
export { type GatewayDeps, gatewayService, type RunningGateway } from './service.ts'
