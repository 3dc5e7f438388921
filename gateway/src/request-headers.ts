/** What to do with a request header on its way to a service. */
enum Action {
  Forward,
  /** Hop-by-hop (RFC 9110 §7.6.1), or consumed here. */
  Drop,
  Host,
  ContentLength,
  TransferEncoding,
  Connection,
  RequestId,
  /** Says on whose behalf a request is made: kept only from a trusted proxy. */
  Origin,
  ForwardedFor,
  ForwardedProto,
  ForwardedHost,
  Via,
  Authorization,
}

const ACTIONS = new Map<string, Action>([
  ['host', Action.Host],
  ['content-length', Action.ContentLength],
  ['transfer-encoding', Action.TransferEncoding],
  ['connection', Action.Connection],
  ['x-request-id', Action.RequestId],
  ['x-forwarded-for', Action.ForwardedFor],
  ['x-forwarded-proto', Action.ForwardedProto],
  ['x-forwarded-host', Action.ForwardedHost],
  ['via', Action.Via],
  ['authorization', Action.Authorization],
  ['forwarded', Action.Origin],
  ['x-real-ip', Action.Origin],
  ['x-forwarded-port', Action.Origin],
  ['x-forwarded-server', Action.Origin],
  ['keep-alive', Action.Drop],
  ['proxy-connection', Action.Drop],
  ['te', Action.Drop],
  ['trailer', Action.Drop],
  ['upgrade', Action.Drop],
  ['http2-settings', Action.Drop],
  // Answered here: RFC 9110 §10.1.1 lets each hop decide when to ask for the body.
  ['expect', Action.Drop],
]);

interface KnownName {
  /** Lower case, and the same string every time: undici looks names up in tables, where that is much cheaper. */
  name: string;
  action: Action;
}

/** Spellings seen so far (`Host`, `host`, `HOST`); bounded, because strangers choose them. */
const spellings = new Map<string, KnownName>();
const REMEMBERED_SPELLINGS = 1000;

function nameOf(spelling: string): KnownName {
  const known = spellings.get(spelling);
  if (known !== undefined) return known;
  const name = spelling.toLowerCase();
  const fresh = { name, action: ACTIONS.get(name) ?? Action.Forward };
  if (spellings.size >= REMEMBERED_SPELLINGS) spellings.clear();
  spellings.set(spelling, fresh);
  return fresh;
}

/** The headers of a request, read once. */
export interface RequestHeaders {
  /** Name, value, name, value…: what may be forwarded as it is. */
  forward: string[];
  /** Every `Host` in the order sent; exactly one is right. */
  hosts: string[];
  /** In bytes; null when not sent. */
  contentLength: number | null;
  /** All of them, joined; llhttp makes sure that the last one is chunked. */
  transferEncoding: string | undefined;
  /** An array when it was sent more than once, which no sane client does. */
  requestId: string | string[] | undefined;
  forwardedFor: string | undefined;
  forwardedProto: string | undefined;
  forwardedHost: string | undefined;
  via: string | undefined;
  /** The first one: the services, too, ignore any other. */
  authorization: string | undefined;
}

/**
 * Sorts the headers of a request into those to forward and those the gateway deals with.
 *
 * @param raw `IncomingMessage.rawHeaders`
 * @param trusted whether the peer may say on whose behalf it speaks
 */
export function readRequestHeaders(raw: readonly string[], trusted: boolean): RequestHeaders {
  const read: RequestHeaders = {
    forward: [],
    hosts: [],
    contentLength: null,
    transferEncoding: undefined,
    requestId: undefined,
    forwardedFor: undefined,
    forwardedProto: undefined,
    forwardedHost: undefined,
    via: undefined,
    authorization: undefined,
  };
  let connection: string | undefined;
  for (let i = 0; i < raw.length; i += 2) {
    const { name, action } = nameOf(raw[i] as string);
    const value = raw[i + 1] as string;
    if (action === Action.Forward) read.forward.push(name, value);
    else if (action === Action.Connection) connection = joined(connection, value);
    else if (action !== Action.Drop) take(read, action, name, value, trusted);
  }
  if (connection !== undefined && !isPlainConnection(connection)) dropNominated(read, connection);
  return read;
}

function take(read: RequestHeaders, action: Action, name: string, value: string, trusted: boolean): void {
  switch (action) {
    case Action.Host:
      read.hosts.push(value);
      return;
    case Action.ContentLength:
      read.contentLength = Number(value);
      return;
    case Action.TransferEncoding:
      read.transferEncoding = joined(read.transferEncoding, value);
      return;
    case Action.RequestId:
      read.requestId = read.requestId === undefined ? value : [];
      return;
    case Action.Authorization:
      read.authorization ??= value;
      read.forward.push(name, value);
      return;
    case Action.Via:
      read.via = joined(read.via, value);
      return;
    default:
      if (trusted) takeOrigin(read, action, name, value);
  }
}

function takeOrigin(read: RequestHeaders, action: Action, name: string, value: string): void {
  if (action === Action.ForwardedFor) read.forwardedFor = joined(read.forwardedFor, value);
  else if (action === Action.ForwardedProto) read.forwardedProto ??= value;
  else if (action === Action.ForwardedHost) read.forwardedHost ??= value;
  else read.forward.push(name, value);
}

function joined(before: string | undefined, value: string): string {
  return before === undefined ? value : `${before}, ${value}`;
}

/** The two values nearly every client sends. */
function isPlainConnection(value: string): boolean {
  return value === 'keep-alive' || value === 'close' || value === 'Keep-Alive' || value === 'Close';
}

/** Removes the headers that `Connection` names: they were meant for this hop alone. */
function dropNominated(read: RequestHeaders, connection: string): void {
  const named = new Set(
    connection
      .toLowerCase()
      .split(',')
      .map((token) => token.trim()),
  );
  const kept: string[] = [];
  for (let i = 0; i < read.forward.length; i += 2) {
    const name = read.forward[i] as string;
    if (!named.has(name)) kept.push(name, read.forward[i + 1] as string);
  }
  read.forward = kept;
}

/** How this hop names itself in `Via` (RFC 9110 §7.6.3). */
const PSEUDONYM = 'loguro-gateway';

/** What this hop knows of a request. */
export interface Hop {
  /** The value for `Host`. */
  authority: string;
  requestId: string;
  /** The other end of the connection. */
  peerAddress: string;
  protocol: 'http' | 'https';
  httpVersion: string;
}

/** Adds to `read.forward` what this hop has to say, and returns it: the headers to send. */
export function finishRequestHeaders(read: RequestHeaders, hop: Hop): string[] {
  const { forward, forwardedFor, via } = read;
  const here = `${hop.httpVersion} ${PSEUDONYM}`;
  forward.push(
    'host',
    hop.authority,
    'x-request-id',
    hop.requestId,
    'x-forwarded-for',
    forwardedFor === undefined ? hop.peerAddress : `${forwardedFor}, ${hop.peerAddress}`,
    'x-forwarded-proto',
    read.forwardedProto ?? hop.protocol,
    'x-forwarded-host',
    read.forwardedHost ?? hop.authority,
    'via',
    via === undefined ? here : `${via}, ${here}`,
  );
  return forward;
}
