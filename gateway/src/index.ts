export {
  ACCESS_LOG_MODES,
  type AccessLogMode,
  type ClientLimits,
  DEFAULT_CLIENT_LIMITS,
  DEFAULT_UPSTREAM_LIMITS,
  type GatewayConfig,
  type GatewayOptions,
  loadConfig,
  type UpstreamLimits,
} from './config.js';
export { createGateway, type Gateway } from './gateway.js';
export { expandTrustedProxies } from './trusted-proxies.js';
