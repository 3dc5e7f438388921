import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { ApiError } from '@loguro/types';
import type { BodyShare } from './body-budget.js';
import type { BodyFormat } from './media-type.js';
import type { Reply } from './reply.js';

/** There is no one to answer any more: the client went away before its request was complete, or was answered. */
export class ClientGoneError extends Error {
  constructor() {
    super('The client went away.');
    this.name = 'ClientGoneError';
  }
}

/** Options of {@link readBody}. */
export interface BodyOptions {
  encoding: BodyFormat['encoding'];
  /** After decompression, in bytes. */
  maxBytes: number;
  share: BodyShare;
}

/** Compressed bytes may exceed the limit by this much: what does not shrink grows a little. */
const ENCODING_OVERHEAD = 64 * 1024;

/** @throws ApiError `payload_too_large` when the request announces more than it may send */
export function checkLength(header: string | undefined, encoding: BodyFormat['encoding'], maxBytes: number): void {
  const allowed = encoding === 'identity' ? maxBytes : maxBytes + ENCODING_OVERHEAD;
  if (header !== undefined && Number(header) > allowed) throw tooLarge(maxBytes);
}

/**
 * Hands the body to `onChunk` piece by piece, decompressed, and ends with it. The limit holds while
 * inflating: not a byte over it is handed on or kept.
 *
 * @param onChunk may throw, which ends the reading
 * @throws ApiError `payload_too_large`, `overloaded` or `malformed_encoding`, or what `onChunk` threw
 * @throws ClientGoneError
 */
export function readBody(reply: Reply, options: BodyOptions, onChunk: (chunk: Buffer) => void): Promise<void> {
  let bytes = 0;
  const take = (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > options.maxBytes) throw tooLarge(options.maxBytes);
    options.share.take(chunk.length);
    onChunk(chunk);
  };
  return options.encoding === 'identity' ? readPlain(reply, take) : readCompressed(reply, options, take);
}

function readPlain(reply: Reply, take: (chunk: Buffer) => void): Promise<void> {
  const { req } = reply;
  return new Promise((resolve, reject) => {
    const onData = (chunk: Buffer) => {
      try {
        take(chunk);
      } catch (error) {
        req.off('data', onData);
        req.pause();
        reject(error);
      }
    };
    let ended = false;
    req.on('data', onData);
    req.on('end', () => {
      ended = true;
      resolve();
    });
    req.on('close', () => {
      // Every request closes; making an error each time would cost more than reading the body.
      if (!ended) reject(new ClientGoneError());
    });
    // It may have gone while the key was looked up.
    if (req.destroyed || reply.answered) reject(new ClientGoneError());
  });
}

const DECODERS = { gzip: createGunzip, deflate: createInflate, br: createBrotliDecompress };

async function readCompressed(
  reply: Reply,
  { encoding, maxBytes }: BodyOptions,
  take: (chunk: Buffer) => void,
): Promise<void> {
  const { req } = reply;
  const decoder = DECODERS[encoding as keyof typeof DECODERS]();
  let received = 0;
  const inflated = new Promise<void>((resolve, reject) => {
    decoder.on('data', (chunk: Buffer) => {
      try {
        take(chunk);
      } catch (error) {
        reject(error);
        decoder.destroy();
      }
    });
    decoder.on('error', (cause) => reject(malformed('corrupt or cut short', cause)));
    decoder.on('end', () => {
      // What follows the end of the stream is left unread by the decoder.
      if (decoder.bytesWritten === received) resolve();
      else reject(malformed('followed by something else'));
    });
  });
  decoder.on('drain', () => req.resume());
  const sent = readPlain(reply, (chunk) => {
    received += chunk.length;
    if (received > maxBytes + ENCODING_OVERHEAD) throw tooLarge(maxBytes);
    if (!decoder.destroyed && !decoder.write(chunk)) req.pause();
  }).then(() => decoder.end());
  try {
    await Promise.all([sent, inflated]);
  } finally {
    decoder.destroy();
  }
}

function tooLarge(maxBytes: number): ApiError {
  return new ApiError('payload_too_large', `The body is over the ${maxBytes} bytes that this request may have.`);
}

function malformed(how: string, cause?: unknown): ApiError {
  return new ApiError('malformed_encoding', `The compressed body is ${how}.`, { cause });
}
