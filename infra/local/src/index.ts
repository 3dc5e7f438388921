export { defaultDataFolder } from './config.js';
export { type Answer, type Call, call } from './http-client.js';
export { CHILDREN, type ChildName, type LocalFile, readLocalFile } from './local-file.js';
export { Reporter } from './reporter.js';
export { findRunningStack, withStack } from './use-stack.js';
