import { ApiError } from '@loguro/types';

/** How the body of a request is written. */
export interface BodyFormat {
  ndjson: boolean;
  encoding: 'identity' | 'gzip' | 'deflate' | 'br';
}

const JSON_TYPE = 'application/json';
const NDJSON_TYPE = 'application/x-ndjson';
const PLAIN: BodyFormat = { ndjson: false, encoding: 'identity' };
const ENCODINGS: Record<string, BodyFormat['encoding']> = {
  identity: 'identity',
  gzip: 'gzip',
  'x-gzip': 'gzip',
  deflate: 'deflate',
  br: 'br',
};
const CHARSET = /;\s*charset\s*=\s*"?([\w-]+)"?/i;

/**
 * Reads `Content-Type` and `Content-Encoding`.
 *
 * @throws ApiError `unsupported_media_type` or `unsupported_encoding`
 */
export function readFormat(
  headers: { 'content-type'?: string | undefined; 'content-encoding'?: string | undefined },
  batch: boolean,
): BodyFormat {
  const type = headers['content-type'];
  const encoding = headers['content-encoding'];
  if (type === JSON_TYPE && encoding === undefined) return PLAIN;
  return { ndjson: isNdjson(type ?? '', batch), encoding: readEncoding(encoding ?? 'identity') };
}

function isNdjson(type: string, batch: boolean): boolean {
  const essence = type.split(';', 1)[0]?.trim().toLowerCase();
  const charset = CHARSET.exec(type)?.[1]?.toLowerCase() ?? 'utf-8';
  const known = essence === JSON_TYPE || (batch && essence === NDJSON_TYPE);
  if (known && (charset === 'utf-8' || charset === 'us-ascii')) return essence === NDJSON_TYPE;
  const allowed = batch ? `${JSON_TYPE} or ${NDJSON_TYPE}` : JSON_TYPE;
  throw new ApiError('unsupported_media_type', `Send the body as ${allowed}, in UTF-8, and say so in Content-Type.`);
}

function readEncoding(encoding: string): BodyFormat['encoding'] {
  const known = ENCODINGS[encoding.trim().toLowerCase()];
  if (known !== undefined && Object.hasOwn(ENCODINGS, encoding.trim().toLowerCase())) return known;
  throw new ApiError('unsupported_encoding', 'Content-Encoding must be gzip, deflate, br or identity, and only one.');
}
