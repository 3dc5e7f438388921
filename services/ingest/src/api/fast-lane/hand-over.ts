import type { Socket } from 'node:net';

/**
 * Gives a connection to a server of Node's, as if it came from the network. Nobody may listen to its `data` any more, but
 * somebody to its `error`.
 *
 * @param rest what was read from it and is the server's to read
 * @param accept the server's listener for `connection`
 */
export function handOver(socket: Socket, rest: Buffer, accept: (socket: Socket) => void): void {
  socket.pause();
  if (rest.length > 0) socket.unshift(rest);
  // Not before what `unshift` has planned has found the socket paused: else it would run first, the server would pause a
  // socket whose body is too much for now, and then be resumed by us, and read the whole body into memory.
  process.nextTick(() => {
    accept(socket);
    socket.resume();
  });
}
