export * from './config.js';
export * from './drain.js';
export * from './loggable-error.js';
export * from './logging.js';
export * from './ops-server.js';
export * from './scrub-secrets.js';
export * from './shutdown.js';
