export { findNginx } from './nginx-binary.js';
export { type NginxOptions, nginxVariables } from './nginx-variables.js';
export { ERRORS_FILE, renderNginx, renderStandalone, type StandaloneOptions } from './render.js';
export { type RunningNginx, type StartNginxOptions, startNginx } from './start-nginx.js';
