import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { RawClient, StandIn } from '@loguro/gateway/testing';
import { generate } from 'selfsigned';
import type { Router, RunningRouter } from './routers.js';

/** TLS with a certificate from files. */
export function describeTls(router: Router): void {
  const folder = mkdtempSync(join(tmpdir(), 'loguro-acceptance-tls-'));
  const [certFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const service = new StandIn();
  let running: RunningRouter;
  let ca = '';

  beforeAll(async () => {
    chmodSync(folder, 0o755);
    const made = await generate([{ name: 'commonName', value: 'localhost' }], {
      extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }],
    });
    ca = made.cert;
    writeFileSync(certFile, made.cert);
    writeFileSync(keyFile, made.private);
    await service.listen();
    const upstreams = { controlUpstreams: [service.origin], ingestUpstreams: [service.origin] };
    running = await router.start({ ...upstreams, tls: { certFile, keyFile } });
  });

  afterAll(async () => {
    await running.close();
    await service.close();
    rmSync(folder, { recursive: true });
  });

  describe('TLS', () => {
    test('and tells the service so', async () => {
      const client = new RawClient({ port: running.port, ca });
      expect((await client.request('GET / HTTP/1.1\r\nHost: logu.ro\r\n\r\n')).status).toBe(200);
      expect(service.seen[0]?.headers).toContainEqual(['x-forwarded-proto', 'https']);
      client.close();
    });

    test('and agrees on no key that could be found out afterwards with the private key of the certificate', async () => {
      const cipherFrom = (ciphers: string) =>
        new Promise<string>((resolve) => {
          const socket = connect({ port: running.port, host: 'localhost', ca, ciphers, maxVersion: 'TLSv1.2' });
          socket.on('secureConnect', () => resolve(socket.getCipher().name));
          socket.on('secureConnect', () => socket.destroy());
          socket.on('error', () => resolve('refused'));
        });
      expect(await cipherFrom('AES128-GCM-SHA256:AES256-GCM-SHA384:AES128-SHA')).toBe('refused');
      expect(await cipherFrom('AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256')).toBe('ECDHE-RSA-AES128-GCM-SHA256');
    });

    test('and serves nothing in the clear on the same port', async () => {
      const client = new RawClient({ port: running.port });
      await client.write('GET /clear HTTP/1.1\r\nHost: logu.ro\r\n\r\n');
      expect(await client.closed()).not.toMatch(/^HTTP\/1\.1 2/);
      expect(service.seen.map(({ url }) => url)).not.toContain('/clear');
    });
  });
}
