import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { ApiError } from '@loguro/types';
import { parse as parseContentType } from 'content-type';
import getRawBody from 'raw-body';

/** What a body may be. */
export interface BodyLimits {
  /** After decompression. */
  bytes: number;
  /** From now until the last byte, in milliseconds. */
  timeoutMs: number;
}

/** The client went away before its body was complete: there is nobody to answer. */
export class RequestAborted extends Error {}

/**
 * Reads a JSON body: decompresses it while counting, decodes it as strict UTF-8, parses it.
 *
 * @returns `{}` when the request has neither a body nor a Content-Type, so that operations with nothing but
 *   optional fields can be called without one
 * @throws ApiError 400, 408, 413 or 415
 * @throws RequestAborted
 */
export async function readJsonBody(req: IncomingMessage, limits: BodyLimits): Promise<unknown> {
  if (!hasBody(req) && req.headers['content-type'] === undefined) return {};
  requireJson(req.headers['content-type']);
  return parseJson(await readBytes(req, limits));
}

function hasBody(req: IncomingMessage): boolean {
  return req.headers['transfer-encoding'] !== undefined || Number(req.headers['content-length'] ?? 0) > 0;
}

/** RFC 8259 §8.1: JSON is UTF-8; a charset is tolerated only when it says so. */
function requireJson(header: string | undefined): void {
  const { type, parameters } = parseContentType(header ?? '');
  const charset = parameters.charset?.toLowerCase();
  if (
    type.toLowerCase() !== 'application/json' ||
    (charset !== undefined && charset !== 'utf-8' && charset !== 'utf8')
  ) {
    throw new ApiError('unsupported_media_type', 'Send JSON in UTF-8 with "Content-Type: application/json".');
  }
}

async function readBytes(req: IncomingMessage, { bytes, timeoutMs }: BodyLimits): Promise<Buffer> {
  const stream = decompressed(req);
  let timer: NodeJS.Timeout | undefined;
  const tooSlow = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new ApiError('request_timeout', 'The body did not arrive in time.')), timeoutMs);
  });
  const aborted = new Promise<never>((_, reject) => {
    req.once('close', () => {
      // A body that arrived whole closes too, maybe before it is decompressed.
      if (!req.complete) reject(new RequestAborted());
    });
  });
  const body = getRawBody(stream, { limit: bytes });
  // Whichever of the three loses the race may still fail later, when nobody listens any more.
  for (const promise of [body, tooSlow, aborted]) promise.catch(() => undefined);
  try {
    return await Promise.race([body, tooSlow, aborted]);
  } catch (error) {
    release(req, stream);
    throw toApiError(error, bytes);
  } finally {
    clearTimeout(timer);
  }
}

/** The rest of the body is thrown away unseen; Node's own request timeout ends a client that never stops. */
function release(req: IncomingMessage, stream: Readable): void {
  if (stream !== req) {
    req.unpipe();
    stream.destroy();
  }
  req.resume();
}

function decompressed(req: IncomingMessage): Readable {
  const encoding = (req.headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  switch (encoding) {
    case 'identity':
    case '':
      return req;
    case 'gzip':
    case 'x-gzip':
      return req.pipe(createGunzip());
    case 'deflate':
      return req.pipe(createInflate());
    case 'br':
      return req.pipe(createBrotliDecompress());
    default:
      throw new ApiError('unsupported_encoding', 'Content-Encoding may be gzip, deflate, br or identity.');
  }
}

/** The errors of raw-body carry a `type`, those of zlib a `code` that starts with Z_ or ERR_. */
function toApiError(error: unknown, limit: number): unknown {
  if (error instanceof ApiError || error instanceof RequestAborted) return error;
  const { type, code } = error as { type?: string; code?: string };
  if (type === 'entity.too.large') {
    return new ApiError('payload_too_large', `The body is larger than ${limit} bytes after decompression.`);
  }
  if (type === 'request.aborted') return new RequestAborted();
  if (type === 'request.size.invalid') {
    return new ApiError('invalid_request', 'The body has another length than Content-Length says.');
  }
  if (code?.startsWith('Z_') || code?.startsWith('ERR_')) {
    return new ApiError('malformed_encoding', 'The compressed body is corrupt or cut short.', { cause: error });
  }
  return error;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function parseJson(bytes: Buffer): unknown {
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    throw new ApiError('malformed_json', 'The body is not valid UTF-8.');
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    // V8's message tells the position; it quotes the caller's own text and nothing else.
    const reason = error instanceof SyntaxError ? `: ${error.message}` : '';
    throw new ApiError('malformed_json', `The body is not valid JSON${reason}`);
  }
}
