// Runs this service alone (cluster shape). Its internal HTTP is only there if GATEWAY_PORT is set; health routes are
// served on the API's port, too.
import { type IdentityDeps, runService } from '@slipway/service-kit'
import { GatewayProcessConfig } from './config.ts'
import { createDownloadProxy } from './distribution/download-proxy.ts'
import { createPublishProxy } from './distribution/publish-proxy.ts'
import { gatewayService } from './index.ts'
import { createLogProxy } from './install/log-proxy.ts'

await runService({
  name: gatewayService.name,
  configSchema: GatewayProcessConfig,
  create: ({ config, ...deps }, { health }) => {
    const sessionLogs = createLogProxy({ bus: deps.bus, executorUrls: config.executorUrls, log: deps.log })
    const distribution = { urls: config.distributionUrls, log: deps.log }
    const publishing = () => createPublishProxy(distribution)
    const downloads = (auth: IdentityDeps) => createDownloadProxy({ ...distribution, auth })
    return gatewayService.create({
      ...deps,
      config,
      health,
      byteRoutes: { sessionLogs, publishing, downloads },
    })
  },
})
