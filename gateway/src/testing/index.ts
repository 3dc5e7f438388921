export { exchange, RawClient, type RawClientOptions } from './raw-client.js';
export { header, type RawResponse } from './raw-response.js';
export { type Answer, type RawStandIn, type SeenRequest, StandIn, startRawStandIn, startStandIn } from './stand-in.js';
export { CONTROL_HOST, INGEST_HOST, startGateway, type TestGateway, type TestGatewayOptions } from './start-gateway.js';
