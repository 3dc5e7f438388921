export { findProgram, freePort, freePorts, type WaitOptions, waitFor } from '@loguro/servers';
export { type Balancer, startBalancer } from './balancer.js';
export { type ContractChecker, createContractChecker, type SeenResponse } from './contract-checker.js';
export { createTestDatabase, type TestDatabase } from './database.js';
export { forwardTo, type ServerForwarder, startForwarder } from './forwarder.js';
export { type DocumentedMetric, documentedMetrics, undocumented } from './metrics-page.js';
export { type OncePerRunOptions, oncePerRun } from './once-per-run.js';
export { type OtlpReceiver, type ReceivedExport, type ReceivedSpan, startOtlpReceiver } from './otlp-receiver.js';
export {
  type PostgresReplica,
  type PrivatePostgres,
  type PrivatePostgresOptions,
  startPostgres,
} from './private-postgres.js';
export { type PrivateRedis, type PrivateRedisOptions, startRedis } from './private-redis.js';
export { createTestRedis, type TestRedis } from './redis.js';
export { program, type Restartable, restartable } from './restartable.js';
export type { StackProject } from './run-stack.js';
export { type SharedStackOptions, sharedStack } from './shared-stack.js';
export { type Answer, type Call, SteadyClient } from './steady-client.js';
