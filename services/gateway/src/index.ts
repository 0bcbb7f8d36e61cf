export { GatewayConfig, GatewayProcessConfig } from './config.ts'
export { statusOf } from './http/errors.ts'
export { type GatewayDeps, gatewayService, type RunningGateway } from './service.ts'
