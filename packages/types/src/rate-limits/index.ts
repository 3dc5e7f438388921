export * from './address-key.js';
export * from './headers.js';
export * from './rate-limiter.js';
