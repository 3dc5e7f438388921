import { describe, expect, test } from '@jest/globals';
import { type CliConfig, loadConfig } from '../config.js';
import type { Credentials } from './credentials-file.js';
import type { LocalStack } from './local-stack.js';
import { combine, defaultIngestUrl, type SettingFlags } from './settings.js';

const platform = { home: '/home/me', os: 'linux' } as const;
const config = (env: Record<string, string> = {}): CliConfig => loadConfig(env, platform);

const stored: Credentials = {
  version: 1,
  current: 'https://logu.ro',
  profiles: {
    'https://logu.ro': {
      token: 'stored-token',
      ingestUrl: 'https://ingest.logu.ro',
      project: 'web',
      projectKeys: { web: 'web-key', app: 'app-key' },
    },
    'https://other.example': { token: 'other-token', ingestUrl: 'https://in.other.example' },
  },
};
const local: LocalStack = {
  apiUrl: 'http://localhost:8080',
  ingestUrl: 'http://ingest.localhost:8080',
  project: 'local',
  pat: 'local-token',
  projectKey: 'local-key',
};

function settle(flags: SettingFlags, env: Record<string, string> = {}, withLocal = false) {
  const settings = combine(flags, withLocal ? local : undefined, config(env), stored);
  return Object.fromEntries(Object.entries(settings).map(([name, setting]) => [name, setting?.value]));
}

describe('settings', () => {
  test('come from the login when nothing else is said', () => {
    expect(settle({})).toEqual({
      apiUrl: 'https://logu.ro',
      ingestUrl: 'https://ingest.logu.ro',
      project: 'web',
      token: 'stored-token',
      projectKey: 'web-key',
    });
  });

  test('of the environment win over the login, flags over the environment', () => {
    const env = { LOGURO_TOKEN: 'env-token', LOGURO_PROJECT: 'app', LOGURO_PROJECT_KEY: 'env-key' };
    expect(settle({}, env)).toMatchObject({ token: 'env-token', project: 'app', projectKey: 'env-key' });
    expect(settle({ project: 'web' }, { LOGURO_PROJECT: 'app' })).toMatchObject({
      project: 'web',
      projectKey: 'web-key',
    });
  });

  test('a stored secret goes to the service it was stored for and to no other', () => {
    expect(settle({ apiUrl: 'https://other.example/' })).toMatchObject({
      token: 'other-token',
      ingestUrl: 'https://in.other.example',
      projectKey: undefined,
    });
    expect(settle({ apiUrl: 'https://evil.example' })).toEqual({
      apiUrl: 'https://evil.example',
      ingestUrl: 'https://ingest.evil.example',
      project: undefined,
      token: undefined,
      projectKey: undefined,
    });
    expect(settle({ ingestUrl: 'https://evil.example' })).toMatchObject({ projectKey: undefined });
  });

  test('--local takes everything from the local stack, but its key only for its project', () => {
    expect(settle({ local: true }, { LOGURO_TOKEN: 'env-token' }, true)).toEqual({
      apiUrl: 'http://localhost:8080',
      ingestUrl: 'http://ingest.localhost:8080',
      project: 'local',
      token: 'local-token',
      projectKey: 'local-key',
    });
    expect(settle({ local: true, project: 'second' }, {}, true)).toMatchObject({
      project: 'second',
      projectKey: undefined,
    });
  });

  test('ingest is found beside the control plane', () => {
    expect(defaultIngestUrl('https://logu.ro')).toBe('https://ingest.logu.ro');
    expect(defaultIngestUrl('http://localhost:8080/')).toBe('http://ingest.localhost:8080');
    expect(defaultIngestUrl('http://127.0.0.1:8080')).toBe('http://ingest.localhost:8080');
    expect(defaultIngestUrl('https://data.example.com:8443')).toBe('https://ingest.data.example.com:8443');
  });
});

describe('the environment', () => {
  test('names folders as the platform has them', () => {
    expect(config()).toMatchObject({ configDir: '/home/me/.config/loguro', stateDir: '/home/me/.local/state/loguro' });
    expect(config({ XDG_CONFIG_HOME: '/x', XDG_STATE_HOME: '/y' })).toMatchObject({
      configDir: '/x/loguro',
      stateDir: '/y/loguro',
    });
    const windows = loadConfig({ APPDATA: '/r', LOCALAPPDATA: '/l' }, { ...platform, os: 'win32' });
    expect(windows).toMatchObject({ configDir: '/r/loguro', stateDir: '/l/loguro' });
  });

  test('names every fault, and repeats no address: it may hold a password', () => {
    const load = () => config({ LOGURO_API_URL: 'ftp://user:secret@x', LOGURO_INGEST_URL: 'nope' });
    expect(load).toThrow(/LOGURO_API_URL is not a URL[\s\S]*LOGURO_INGEST_URL is not a URL/);
    expect(load).toThrow(expect.not.stringContaining('secret') as never);
  });

  test('has the last word on colour', () => {
    expect([
      config().color,
      config({ NO_COLOR: '1' }).color,
      config({ FORCE_COLOR: '1' }).color,
      config({ FORCE_COLOR: '0' }).color,
    ]).toEqual([undefined, false, true, false]);
  });
});
