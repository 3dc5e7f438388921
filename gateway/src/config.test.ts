import { describe, expect, test } from '@jest/globals';
import { ConfigError } from '@loguro/types/operations';
import { loadConfig } from './config.js';

function faultsOf(env: Record<string, string>): readonly string[] {
  try {
    loadConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

describe('loadConfig', () => {
  test('an empty environment gives the local stack', () => {
    expect(loadConfig({})).toMatchObject({
      host: '127.0.0.1',
      port: 8080,
      opsPort: 9080,
      controlHosts: ['logu.ro', 'localhost', '127.0.0.1'],
      ingestHosts: ['ingest.logu.ro', 'ingest.localhost'],
      controlUpstreams: ['http://127.0.0.1:8081'],
      ingestUpstreams: ['http://127.0.0.1:8082'],
      trustedProxies: [],
      accessLog: 'errors',
    });
    expect(loadConfig({}).tls).toBeUndefined();
  });

  test('several upstreams are a comma-separated list', () => {
    const { ingestUpstreams } = loadConfig({ LOGURO_INGEST_UPSTREAM: 'http://10.0.0.1:8082, http://10.0.0.2:8082/' });
    expect(ingestUpstreams).toEqual(['http://10.0.0.1:8082', 'http://10.0.0.2:8082']);
  });

  test('every fault is reported at once and names its variable', () => {
    const faults = faultsOf({
      LOGURO_PORT: '99999',
      LOGURO_CONTROL_UPSTREAM: 'http://10.0.0.1/path',
      LOGURO_INGEST_UPSTREAM: 'ftp://10.0.0.1',
      LOGURO_TLS_CERT_FILE: 'cert.pem',
      LOGURO_TRUST_PROXY: 'everyone',
      LOGURO_CONTROL_HOSTS: 'same.example',
      LOGURO_INGEST_HOSTS: 'same.example',
      LOGURO_ACCESS_LOG: 'loud',
    });
    for (const name of [
      'LOGURO_PORT',
      'LOGURO_CONTROL_UPSTREAM',
      'LOGURO_INGEST_UPSTREAM',
      'LOGURO_TLS_KEY_FILE',
      'LOGURO_TRUST_PROXY',
      'LOGURO_INGEST_HOSTS',
      'LOGURO_ACCESS_LOG',
    ]) {
      expect(faults.filter((fault) => fault.includes(name))).not.toHaveLength(0);
    }
  });

  test('an upstream URL with a password is refused without repeating it', () => {
    const faults = faultsOf({ LOGURO_CONTROL_UPSTREAM: 'http://user:hunter2@10.0.0.1:8081' });
    expect(faults).toHaveLength(1);
    expect(faults.join()).not.toContain('hunter2');
  });
});
