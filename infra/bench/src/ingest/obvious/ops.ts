import { createServer } from 'node:http';

/** Says that the process is ready. */
export function startOps(port: number): void {
  createServer((_, res) => res.end()).listen(port, '127.0.0.1');
}
