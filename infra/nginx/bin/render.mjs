#!/usr/bin/env node
// Prints loguro.conf for nginx from the gateway's own environment variables:
//   node infra/nginx/bin/render.mjs > /etc/nginx/conf.d/loguro.conf
import { loadConfig } from '@loguro/gateway';
import { ERRORS_FILE, renderNginx } from '../dist/index.js';

try {
  const config = loadConfig(process.env);
  const listen = config.host === '0.0.0.0' ? String(config.port) : `${config.host}:${config.port}`;
  process.stdout.write(renderNginx(config, { listen, accessLog: '/dev/stdout', errorsFile: ERRORS_FILE }));
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
