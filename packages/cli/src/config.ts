import { join } from 'node:path';
import { ConfigReader, type Environment } from '@loguro/types/operations';
import type { ProxyConfig } from './transport.js';

/** What the environment says. Flags may override it, the credentials file and the defaults may fill it up. */
export interface CliConfig {
  /** LOGURO_TOKEN: a personal access token. */
  token: string | undefined;
  /** LOGURO_PROJECT_KEY: a project API key. */
  projectKey: string | undefined;
  /** LOGURO_API_URL */
  apiUrl: string | undefined;
  /** LOGURO_INGEST_URL */
  ingestUrl: string | undefined;
  /** LOGURO_PROJECT: a project slug. */
  project: string | undefined;
  /** LOGURO_DATA_DIR: where a local stack keeps `local.json`. */
  dataDir: string;
  /** Holds the credentials file. */
  configDir: string;
  /** Holds the progress of unfinished ingests. */
  stateDir: string;
  /** NO_COLOR (no-color.org) switches colour off, FORCE_COLOR on; undefined leaves it to the terminal. */
  color: boolean | undefined;
  /** HTTP_PROXY, HTTPS_PROXY, NO_PROXY, in upper or lower case. */
  proxies: ProxyConfig;
}

/** Where folders are when the environment doesn't say. */
export interface Platform {
  home: string;
  os: NodeJS.Platform;
}

const HTTP = ['http:', 'https:'] as const;

/** @throws ConfigError naming every variable that can't be used */
export function loadConfig(env: Environment, { home, os }: Platform): CliConfig {
  const reader = new ConfigReader(env);
  const text = (name: string) => reader.optionalText(name);
  const url = (name: string) =>
    text(name) === undefined ? undefined : trimSlash(reader.url(name, HTTP, 'it says where the service is'));
  const roaming = os === 'win32' ? text('APPDATA') : undefined;
  const local = os === 'win32' ? text('LOCALAPPDATA') : undefined;
  const config: CliConfig = {
    token: text('LOGURO_TOKEN'),
    projectKey: text('LOGURO_PROJECT_KEY'),
    apiUrl: url('LOGURO_API_URL'),
    ingestUrl: url('LOGURO_INGEST_URL'),
    project: text('LOGURO_PROJECT'),
    dataDir: text('LOGURO_DATA_DIR') ?? '.loguro',
    // XDG Base Directory Specification 0.8.
    configDir: text('LOGURO_CONFIG_DIR') ?? join(text('XDG_CONFIG_HOME') ?? roaming ?? join(home, '.config'), 'loguro'),
    stateDir:
      text('LOGURO_STATE_DIR') ?? join(text('XDG_STATE_HOME') ?? local ?? join(home, '.local', 'state'), 'loguro'),
    color: colorWish(text('NO_COLOR'), text('FORCE_COLOR')),
    proxies: {
      httpProxy: text('http_proxy') ?? text('HTTP_PROXY'),
      httpsProxy: text('https_proxy') ?? text('HTTPS_PROXY'),
      noProxy: text('no_proxy') ?? text('NO_PROXY'),
    },
  };
  reader.done();
  return config;
}

/** A base URL the way it is compared and stored. */
export function trimSlash(url: string): string {
  return url.replace(/\/+$/, '');
}

function colorWish(no: string | undefined, force: string | undefined): boolean | undefined {
  if (no !== undefined) return false;
  return force === undefined ? undefined : force !== '0' && force !== 'false';
}
