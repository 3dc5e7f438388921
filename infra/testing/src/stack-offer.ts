import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { RunStack, type RunStackOptions } from './run-stack.js';

/**
 * The run's stack, for whichever test file asks first: `POST` here answers with a new project on it. The runner
 * holds it because it outlives every jest worker.
 */
export interface StackOffer {
  url: string;
  /** Ends the stack; returns what went wrong in its life, a sentence each. */
  close(): Promise<string[]>;
}

/** Starts nothing but a port. */
export async function offerStack(options: RunStackOptions): Promise<StackOffer> {
  const stack = new RunStack(options);
  const server = createServer(async (request, response) => {
    try {
      const { project } = (await json(request)) as { project?: string };
      response.end(JSON.stringify(await stack.createProject(project)));
    } catch (error) {
      response.writeHead(500).end(error instanceof Error ? error.message : String(error));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      const faults = await stack.end();
      server.close();
      server.closeAllConnections();
      return faults;
    },
  };
}
