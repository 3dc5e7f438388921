import { describe, expect, test } from '@jest/globals';
import { loadConfig } from '@loguro/gateway';
import { nginxVariables, substitute } from './nginx-variables.js';
import { renderNginx } from './render.js';

const NGINX = { listen: '8080', accessLog: '/dev/stdout', errorsFile: '/etc/nginx/errors.conf' };

/** As the template writes it. */
const variable = (name: string) => `\${${name}}`;

describe('nginxVariables', () => {
  test("are derived from the gateway's own environment variables", () => {
    const variables = nginxVariables(
      loadConfig({
        LOGURO_INGEST_UPSTREAM: 'http://10.0.0.1:8082,http://[::1]:8082',
        LOGURO_TRUST_PROXY: 'loopback,10.9.0.0/16',
        LOGURO_ACCESS_LOG: 'all',
      }),
      NGINX,
    );
    expect(variables).toMatchObject({
      LOGURO_NGINX_CONTROL_NAMES: 'logu.ro localhost 127.0.0.1',
      LOGURO_NGINX_INGEST_SERVERS:
        'server 10.0.0.1:8082 max_fails=1 fail_timeout=1s; server [::1]:8082 max_fails=1 fail_timeout=1s;',
      LOGURO_NGINX_TRUSTED: '127.0.0.0/8 1; ::1/128 1; 10.9.0.0/16 1;',
      LOGURO_NGINX_LOG_ALL: '1',
    });
  });
});

describe('substitute', () => {
  test("replaces the template's variables and leaves those of nginx and comments alone", () => {
    const template = `# ${variable('A')}\n$host ${variable('A')} "~x{1,2}$"`;
    expect(substitute(template, { A: 'v' })).toBe(`# ${variable('A')}\n$host v "~x{1,2}$"`);
  });

  test('refuses a name without a value', () => {
    expect(() => substitute(variable('MISSING'), {})).toThrow('MISSING');
  });

  test('leaves no variable in the rendered file', () => {
    const lines = renderNginx(loadConfig({}), NGINX).split('\n');
    expect(
      lines.filter((line) => !line.trimStart().startsWith('#') && line.includes(variable('').slice(0, 2))),
    ).toEqual([]);
  });
});
