import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { waitFor } from '@loguro/testing';
import { exchange, INGEST_HOST, RawClient, StandIn } from './testing/index.js';

const ROOT = fileURLToPath(new URL('../', import.meta.url));

let service: StandIn;
let child: ChildProcess | undefined;

beforeAll(() => {
  // The process under test is the built one; a chosen run builds only the test kit.
  const tsc = fileURLToPath(new URL('../../node_modules/typescript/bin/tsc', import.meta.url));
  const built = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { cwd: ROOT, encoding: 'utf8' });
  if (built.status !== 0) throw new Error(`The gateway could not be built: ${built.stdout}${built.stderr}`);
});

beforeEach(async () => {
  service = new StandIn();
  await service.listen();
});

afterEach(async () => {
  child?.kill('SIGKILL');
  child = undefined;
  await service.close();
});

/** Starts the process on ports the system chooses and reads them from its log. */
async function start(env: Record<string, string>) {
  const spawned = spawn(process.execPath, ['dist/main.js'], {
    cwd: ROOT,
    env: {
      PATH: process.env.PATH,
      LOGURO_PORT: '0',
      LOGURO_OPS_PORT: '0',
      LOGURO_CONTROL_UPSTREAM: service.origin,
      LOGURO_INGEST_UPSTREAM: service.origin,
      ...env,
    },
  });
  child = spawned;
  let output = '';
  let errors = '';
  spawned.stdout.on('data', (chunk) => {
    output += chunk;
  });
  spawned.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  return { process: spawned, output: () => output, errors: () => errors };
}

async function listening(output: () => string): Promise<{ port: number; opsPort: number }> {
  const line = await waitFor(() => output().match(/\{[^\n]*"message":"listening"\}/), {
    what: 'the gateway to listen',
  });
  const { address, opsAddress } = JSON.parse(line[0]);
  return { port: address.port, opsPort: opsAddress.port };
}

// A process starts within a second, unless the machine does many other things at once.
const START_TIMEOUT_MS = 60_000;

describe('the gateway process', () => {
  test(
    'serves, tells its state on the internal port only, and ends with 0 on SIGTERM without losing a request',
    async () => {
      const started = await start({});
      const { port, opsPort } = await listening(started.output);
      for (const path of ['/healthz', '/readyz', '/metrics']) {
        expect((await exchange(opsPort, `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`)).status).toBe(200);
      }
      // On the public port these are ordinary paths of a service.
      await exchange(port, `GET /metrics HTTP/1.1\r\nHost: ${INGEST_HOST}\r\n\r\n`);
      expect(service.seen.map(({ url }) => url)).toEqual(['/metrics']);

      let answer: (() => void) | undefined;
      service.answer = (_req, res) => {
        answer = () => res.end('kept');
      };
      const client = new RawClient({ port });
      await client.write(`POST / HTTP/1.1\r\nHost: ${INGEST_HOST}\r\nContent-Length: 1\r\n\r\nx`);
      const release = await waitFor(() => answer, { what: 'the request in flight' });
      const exited = once(started.process, 'exit');
      started.process.kill('SIGTERM');
      await waitFor(() => started.output().includes('"stopping"'), { what: 'the gateway to stop' });
      expect((await exchange(opsPort, 'GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n')).status).toBe(503);
      release();
      expect((await client.response()).body.toString()).toBe('kept');
      expect(await exited).toEqual([0, null]);
    },
    START_TIMEOUT_MS,
  );

  test('a wrong configuration ends it with every fault in a sentence', async () => {
    const started = await start({ LOGURO_PORT: 'many', LOGURO_CONTROL_HOSTS: 'a/b' });
    expect(await once(started.process, 'exit')).toEqual([1, null]);
    expect(started.errors()).toContain('LOGURO_PORT');
    expect(started.errors()).toContain('LOGURO_CONTROL_HOSTS');
    expect(started.errors()).not.toContain('    at ');
  });

  test('a port in use ends it with a sentence', async () => {
    const started = await start({ LOGURO_PORT: String(service.port) });
    expect(await once(started.process, 'exit')).toEqual([1, null]);
    expect(started.errors()).toContain(`address already in use 127.0.0.1:${service.port}`);
  });
});
