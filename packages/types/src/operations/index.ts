export * from './config.js';
export * from './drain.js';
export * from './logging.js';
export * from './ops-server.js';
export * from './shutdown.js';
