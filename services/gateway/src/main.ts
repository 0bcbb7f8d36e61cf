// Runs this service alone (cluster shape). Its internal HTTP is only there if GATEWAY_PORT is set; health routes are
// served on the API's port, too.
import { runService } from '@slipway/service-kit'
import { GatewayProcessConfig } from './config.ts'
import { gatewayService } from './index.ts'
import { createLogProxy } from './install/log-proxy.ts'

await runService({
  name: gatewayService.name,
  configSchema: GatewayProcessConfig,
  create: ({ config, ...deps }, { health }) => {
    const sessionLogs = createLogProxy({ bus: deps.bus, executorUrls: config.executorUrls, log: deps.log })
    return gatewayService.create({ ...deps, config, health, byteRoutes: { sessionLogs } })
  },
})
