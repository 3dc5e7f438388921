export { defaultDataFolder } from './config.js';
export { CHILDREN, type ChildName, type LocalFile, readLocalFile } from './local-file.js';
