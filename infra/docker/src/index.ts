export * from './compose.js';
export * from './images.js';
export * from './processes.js';
