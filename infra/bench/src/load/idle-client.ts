// Opens many connections, sends one request on each and lets them rest. Prints "ready"; when told so, sends a second
// request on each and prints how many were answered.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

const [, , port = '', count = '', request = ''] = process.argv;

/** Connections being opened at a time: fewer than the listen queue of a server holds. */
const AT_ONCE = 200;

async function open(): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port: Number(port) });
  await once(socket, 'connect');
  return socket;
}

/** Sends the request and waits for the first bytes of its answer. */
async function ask(socket: Socket): Promise<boolean> {
  if (socket.destroyed) return false;
  const answered = once(socket, 'data').then(
    ([chunk]) => (chunk as Buffer).toString('latin1', 0, 10) === 'HTTP/1.1 2',
    () => false,
  );
  const closed = once(socket, 'close').then(() => false);
  socket.write(request);
  return Promise.race([answered, closed]);
}

const sockets: Socket[] = [];
while (sockets.length < Number(count)) {
  const some = await Promise.all(Array.from({ length: Math.min(AT_ONCE, Number(count) - sockets.length) }, open));
  for (const socket of some) socket.on('error', () => socket.destroy());
  const answers = await Promise.all(some.map(ask));
  if (answers.includes(false)) throw new Error('A request on a new connection was not answered');
  sockets.push(...some);
}
process.stdout.write('ready\n');
await once(process.stdin, 'data');
let usable = 0;
for (let i = 0; i < sockets.length; i += AT_ONCE) {
  usable += (await Promise.all(sockets.slice(i, i + AT_ONCE).map(ask))).filter(Boolean).length;
}
process.stdout.write(String(usable));
for (const socket of sockets) socket.destroy();
process.stdin.destroy();
