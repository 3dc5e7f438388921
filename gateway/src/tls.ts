import { X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { createSecureContext, DEFAULT_CIPHERS } from 'node:tls';
import type { Logger } from 'pino';

/** Where certificate chain and private key lie, both PEM. */
export interface CertificateFiles {
  certFile: string;
  keyFile: string;
}

/** What a TLS server is given. */
export interface Certificate {
  cert: Buffer;
  key: Buffer;
  minVersion: 'TLSv1.2';
  ciphers: string;
}

/** Without those of TLS 1.2 whose traffic can be decrypted afterwards by whoever gets hold of the private key. */
const CIPHERS = `${DEFAULT_CIPHERS}:!kRSA`;

/** How often the files are looked at, in milliseconds. */
const WATCH_INTERVAL_MS = 1_000;

/**
 * Reads certificate and key and makes sure that they belong together.
 *
 * @throws Error when a file can't be read or the two don't fit
 */
export function readCertificate({ certFile, keyFile }: CertificateFiles): Certificate {
  const [cert, key] = [readFileSync(certFile), readFileSync(keyFile)];
  const certificate: Certificate = { cert, key, minVersion: 'TLSv1.2', ciphers: CIPHERS };
  try {
    createSecureContext(certificate);
  } catch (cause) {
    throw new Error(`${certFile} and ${keyFile} are no certificate and key, or do not belong together`, { cause });
  }
  return certificate;
}

/** When the first certificate of the chain, the server's own, stops being valid: seconds since 1970. */
export function expiryOf({ cert }: Certificate): number {
  return Date.parse(new X509Certificate(cert).validTo) / 1000;
}

/**
 * Gives the server a new certificate when the files change; connections that are open keep theirs. The files are
 * looked at, not watched: inotify misses certificates that are swapped by renaming a link, as Kubernetes does.
 * While they don't fit together the old pair stays.
 *
 * @returns stops looking
 */
export function watchCertificate(
  files: CertificateFiles,
  server: { setSecureContext(certificate: Certificate): void },
  logger: Logger,
): () => void {
  let seen = fingerprint(files);
  const timer = setInterval(() => {
    const now = fingerprint(files);
    if (now === seen) return;
    seen = now;
    try {
      server.setSecureContext(readCertificate(files));
      logger.info({ certFile: files.certFile }, 'certificate reloaded');
    } catch (error) {
      logger.error({ err: error, certFile: files.certFile }, 'certificate not reloaded: the old one stays');
    }
  }, WATCH_INTERVAL_MS).unref();
  return () => clearInterval(timer);
}

function fingerprint({ certFile, keyFile }: CertificateFiles): string {
  return [certFile, keyFile].map(fileState).join('|');
}

function fileState(file: string): string {
  try {
    const { ino, size, mtimeMs } = statSync(file);
    return `${ino}:${size}:${mtimeMs}`;
  } catch {
    return 'missing';
  }
}
