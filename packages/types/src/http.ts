import { randomUUID } from 'node:crypto';

/** Carries the request id in both directions. */
export const REQUEST_ID_HEADER = 'x-request-id';
/** Selects the dataset when the path does not. */
export const DATASET_ID_HEADER = 'x-loguro-dataset-id';
/** Makes a repeat of a request harmless. */
export const IDEMPOTENCY_KEY_HEADER = 'idempotency-key';

/**
 * Between service and gateway: `good` on the answer to a request whose credential was found good, whatever the answer
 * is. The gateway takes it off.
 */
export const CREDENTIAL_HEADER = 'x-loguro-credential';

const SANE_REQUEST_ID = /^[A-Za-z0-9._~:/+=@-]{1,128}$/;

/**
 * The caller's request id when it is one printable token of at most 128 characters, else a new UUID:
 * it is stored with every record and written to logs, so nothing else may get in.
 */
export function requestIdFrom(header: string | string[] | undefined): string {
  return typeof header === 'string' && SANE_REQUEST_ID.test(header) ? header : randomUUID();
}

const BEARER = /^Bearer +([A-Za-z0-9._~+/=-]+) *$/i;

/** The token of an `Authorization: Bearer …` header (RFC 6750 §2.1), or null when there is none. */
export function bearerToken(header: string | undefined): string | null {
  return header === undefined ? null : (BEARER.exec(header)?.[1] ?? null);
}
