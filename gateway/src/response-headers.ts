import { CREDENTIAL_HEADER } from '@loguro/types';

/** What to do with a header of a service's answer. */
enum Action {
  Forward,
  Drop,
  ContentLength,
  Connection,
  Date,
  Credential,
}

const ACTIONS = new Map<string, Action>([
  ['content-length', Action.ContentLength],
  ['connection', Action.Connection],
  ['date', Action.Date],
  [CREDENTIAL_HEADER, Action.Credential],
  // Replaced by ours, which the service was given.
  ['x-request-id', Action.Drop],
  // Hop-by-hop (RFC 9110 §7.6.1); trailers are not forwarded, so nothing may announce them.
  ['keep-alive', Action.Drop],
  ['proxy-connection', Action.Drop],
  ['te', Action.Drop],
  ['trailer', Action.Drop],
  ['transfer-encoding', Action.Drop],
  ['upgrade', Action.Drop],
]);

/** The headers of an answer, read once. */
export interface ResponseHeaders {
  /** Name, value, name, value…, as `ServerResponse.writeHead` takes them. */
  forward: string[];
  /** In bytes; null when not sent. */
  contentLength: number | null;
  hasDate: boolean;
  /** The service says that the request's credential is good. */
  credentialIsGood: boolean;
  /** The service closes the connection after this answer. */
  closes: boolean;
}

interface KnownName {
  text: string;
  action: Action;
}

/** Header names as services spell them, so that each is decoded and classified once, not per answer. */
const names = new Map<string, KnownName>();
const REMEMBERED_NAMES = 1000;

function nameOf(text: string): KnownName {
  const known = names.get(text);
  if (known !== undefined) return known;
  const name: KnownName = { text, action: ACTIONS.get(text.toLowerCase()) ?? Action.Forward };
  if (names.size >= REMEMBERED_NAMES) names.clear();
  names.set(text, name);
  return name;
}

/**
 * Sorts the headers of an answer.
 *
 * @param raw name, value, name, value… as undici's parser gives them
 * @param hasNoContent 1xx and 204 answers must not carry Content-Length (RFC 9110 §8.6)
 */
export function readResponseHeaders(raw: readonly Buffer[], hasNoContent: boolean): ResponseHeaders {
  const read: ResponseHeaders = {
    forward: [],
    contentLength: null,
    hasDate: false,
    credentialIsGood: false,
    closes: false,
  };
  let connection = '';
  for (let i = 0; i < raw.length; i += 2) {
    const { text, action } = nameOf((raw[i] as Buffer).toString('latin1'));
    if (action === Action.Drop) continue;
    const value = (raw[i + 1] as Buffer).toString('latin1');
    if (action === Action.Connection) {
      connection += `,${value}`;
      continue;
    }
    if (action === Action.Credential) {
      read.credentialIsGood = value === 'good';
      continue;
    }
    if (action === Action.Date) read.hasDate = true;
    else if (action === Action.ContentLength) {
      if (hasNoContent) continue;
      read.contentLength = Number(value);
    }
    read.forward.push(text, value);
  }
  if (connection === '' || connection === ',keep-alive') return read;
  read.closes = /,\s*close\s*(,|$)/i.test(connection);
  if (connection !== ',close') dropNominated(read, connection);
  return read;
}

function dropNominated(read: ResponseHeaders, connection: string): void {
  const named = new Set(
    connection
      .toLowerCase()
      .split(',')
      .map((token) => token.trim()),
  );
  const kept: string[] = [];
  for (let i = 0; i < read.forward.length; i += 2) {
    const name = read.forward[i] as string;
    const lower = name.toLowerCase();
    if (!named.has(lower) || lower === 'content-length') kept.push(name, read.forward[i + 1] as string);
  }
  read.forward = kept;
}
