import { connect, type Socket } from 'node:net';

/** One answer as it came over the wire. */
export interface RawAnswer {
  status: number;
  /** Names in lower case. */
  headers: Record<string, string>;
  body: string;
}

/** A TCP connection to say anything over. */
export interface RawConnection {
  socket: Socket;
  /** The next answer, read by its Content-Length. Rejects when the connection closes first or nothing comes. */
  answer(timeoutMs?: number): Promise<RawAnswer>;
  /** Resolves when the other side has closed; rejects when it has not by then. */
  closed(timeoutMs?: number): Promise<void>;
}

/** Opens a connection; rejects when it is refused. */
export async function openRaw(port: number): Promise<RawConnection> {
  const socket = connect(port, '127.0.0.1');
  let received = '';
  let ended = false;
  let wake: () => void = () => undefined;
  socket.setEncoding('utf8');
  socket.on('data', (text: string) => {
    received += text;
    wake();
  });
  for (const event of ['close', 'end', 'error']) {
    socket.on(event, () => {
      ended = true;
      wake();
    });
  }
  await new Promise((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });

  async function until<T>(check: () => T | null, timeoutMs: number, what: string): Promise<T> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const found = check();
      if (found !== null) return found;
      const left = deadline - performance.now();
      if (left <= 0) throw new Error(`${what} within ${timeoutMs} ms; received so far: ${JSON.stringify(received)}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  return {
    socket,
    answer: (timeoutMs = 5000) =>
      until(
        () => {
          const taken = takeAnswer(received);
          if (taken === null && ended)
            throw new Error(`closed before an answer; received: ${JSON.stringify(received)}`);
          if (taken === null) return null;
          received = taken.rest;
          return taken.answer;
        },
        timeoutMs,
        'no answer',
      ),
    closed: (timeoutMs = 5000) =>
      until(() => (ended ? undefined : null), timeoutMs, 'not closed').then(() => undefined),
  };
}

function takeAnswer(text: string): { answer: RawAnswer; rest: string } | null {
  const end = text.indexOf('\r\n\r\n');
  if (end === -1) return null;
  const [line = '', ...fields] = text.slice(0, end).split('\r\n');
  const status = Number(line.split(' ')[1]);
  if (status === 100) return takeAnswer(text.slice(end + 4));
  const headers = Object.fromEntries(
    fields.map((field) => {
      const colon = field.indexOf(':');
      return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()];
    }),
  );
  const start = end + 4;
  const length = Number(headers['content-length'] ?? 0);
  if (Buffer.byteLength(text.slice(start)) < length) return null;
  const body = Buffer.from(text.slice(start)).subarray(0, length).toString();
  return { answer: { status, headers, body }, rest: text.slice(start + body.length) };
}

/** A request as text; Content-Length is added unless the headers frame the body themselves. */
export function rawRequest(
  line: string,
  { headers = {}, body = '' }: { headers?: Record<string, string>; body?: string } = {},
): string {
  const framed = Object.keys(headers).some((name) => /^(content-length|transfer-encoding)$/i.test(name));
  const all: Record<string, string> = {
    Host: 'ingest.localhost',
    ...headers,
    ...(framed ? {} : { 'Content-Length': String(Buffer.byteLength(body)) }),
  };
  const fields = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${line} HTTP/1.1\r\n${fields.join('')}\r\n${body}`;
}
