import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { waitFor } from '@loguro/testing';
import { generate } from 'selfsigned';
import { INGEST_HOST, RawClient, StandIn, startGateway, type TestGateway } from './testing/index.js';

let folder: string;
let certFile: string;
let keyFile: string;
let service: StandIn;
let gateway: TestGateway | undefined;

async function makeCertificate(name: string) {
  const { cert, private: key } = await generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }],
  });
  return { cert, key };
}

/** Puts a file in place as certificate managers do: whole, by renaming. */
function install(file: string, text: string): void {
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}

const start = () =>
  startGateway({
    controlUpstreams: [service.origin],
    ingestUpstreams: [service.origin],
    tls: { certFile, keyFile },
  });

const GET = `GET / HTTP/1.1\r\nHost: ${INGEST_HOST}\r\n\r\n`;

/** The common name that the gateway shows to a new connection that trusts the given certificate. */
async function shownTo(ca: string, port: number): Promise<string> {
  const client = new RawClient({ port, ca });
  const socket = client.socket as TLSSocket;
  await once(socket, 'secureConnect');
  const name = socket.getPeerCertificate().subject.CN;
  client.close();
  return String(name);
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'loguro-gateway-tls-'));
  certFile = join(folder, 'cert.pem');
  keyFile = join(folder, 'key.pem');
  service = new StandIn();
  await service.listen();
});

afterEach(async () => {
  await gateway?.close();
  gateway = undefined;
  await service.close();
  rmSync(folder, { recursive: true });
});

describe('TLS', () => {
  test('requests are served, and services learn that it was https', async () => {
    const { cert, key } = await makeCertificate('first');
    install(certFile, cert);
    install(keyFile, key);
    gateway = await start();
    const client = new RawClient({ port: gateway.port, ca: cert });
    expect((await client.request(GET)).status).toBe(200);
    client.close();
    expect(service.seen[0]?.headers).toContainEqual(['x-forwarded-proto', 'https']);
  });

  test('a new certificate is used for new connections, and open ones go on', async () => {
    const [first, second] = [await makeCertificate('first'), await makeCertificate('second')];
    install(certFile, first.cert);
    install(keyFile, first.key);
    gateway = await start();
    const { port } = gateway;
    const early = new RawClient({ port, ca: first.cert });
    expect((await early.request(GET)).status).toBe(200);
    // For a moment the two files don't fit together; the old pair must stay in use.
    install(certFile, second.cert);
    install(keyFile, second.key);
    const expiry = async () => {
      const text = await gateway?.gateway.metrics();
      return Number(text?.match(/^loguro_gateway_certificate_expiry_timestamp_seconds (\S+)$/m)?.[1]);
    };
    const endOf = ({ cert }: { cert: string }) => Date.parse(new X509Certificate(cert).validTo) / 1000;
    expect(await expiry()).toBe(endOf(first));
    await waitFor(async () => (await shownTo(second.cert, port)) === 'second', { what: 'the new certificate' });
    expect(await expiry()).toBe(endOf(second));
    expect((await early.request(GET)).status).toBe(200);
    early.close();
  });

  test('files that do not fit together change nothing', async () => {
    const [first, second] = [await makeCertificate('first'), await makeCertificate('second')];
    install(certFile, first.cert);
    install(keyFile, first.key);
    const complaints: string[] = [];
    const { pino } = await import('pino');
    gateway = await startGateway({
      controlUpstreams: [service.origin],
      ingestUpstreams: [service.origin],
      tls: { certFile, keyFile },
      logger: pino({ level: 'error' }, { write: (line: string) => complaints.push(line) }),
    });
    install(certFile, second.cert);
    await waitFor(() => complaints.length > 0, { what: 'the complaint' });
    expect(complaints[0]).toContain('certificate not reloaded');
    expect(await shownTo(first.cert, gateway.port)).toBe('first');
  });

  test('a certificate that can not be used stops the start with a sentence', async () => {
    const [first, second] = [await makeCertificate('first'), await makeCertificate('second')];
    install(certFile, first.cert);
    install(keyFile, second.key);
    await expect(start()).rejects.toThrow('do not belong together');
    rmSync(keyFile);
    await expect(start()).rejects.toThrow(keyFile);
  });

  test('plain HTTP on the TLS port is cut off and disturbs nobody', async () => {
    const { cert, key } = await makeCertificate('first');
    install(certFile, cert);
    install(keyFile, key);
    gateway = await start();
    const plain = new RawClient({ port: gateway.port });
    await plain.write(GET);
    await plain.closed();
    expect(await shownTo(cert, gateway.port)).toBe('first');
  });
});
