import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { GatewayOptions } from '@loguro/gateway';
import { type NginxOptions, nginxVariables, substitute } from './nginx-variables.js';

const FOLDER = fileURLToPath(new URL('../', import.meta.url));

/** The errors that nginx answers itself, to be included in each server block. */
export const ERRORS_FILE = `${FOLDER}errors.conf`;

/** The configuration for nginx's http block that routes as the gateway with these options does. */
export function renderNginx(options: GatewayOptions, nginx: NginxOptions): string {
  return substitute(readFileSync(`${FOLDER}loguro.conf.template`, 'utf8'), nginxVariables(options, nginx));
}

/** Options of {@link renderStandalone}. */
export interface StandaloneOptions {
  /** Where pid and temporary files go, and where `loguro.conf` lies. */
  folder: string;
  workers: number;
  /** To clients and to upstreams together, per worker. */
  connections: number;
}

/** A whole nginx.conf around a `loguro.conf` in the same folder. */
export function renderStandalone({ folder, workers, connections }: StandaloneOptions): string {
  return substitute(readFileSync(`${FOLDER}nginx.conf.template`, 'utf8'), {
    LOGURO_NGINX_FOLDER: folder,
    LOGURO_NGINX_WORKERS: String(workers),
    LOGURO_NGINX_CONNECTIONS: String(connections),
  });
}
