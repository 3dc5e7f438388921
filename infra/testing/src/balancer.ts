import { setTimeout as pause } from 'node:timers/promises';
import { type Forwarder, startForwarder } from './forwarder.js';
import type { Restartable } from './restartable.js';

/** One port for several processes, as a load balancer has it. */
export interface Balancer {
  readonly url: string;
  close(): Promise<void>;
}

/** A process that listens. */
export type Backend = Pick<Restartable, 'opsPort'> & { port: number };

const ASK_MS = 50;

/** Gives connections, in turn, to those processes that say they are ready. It looks at connections only, never at requests. */
export async function startBalancer(backends: readonly Backend[]): Promise<Balancer> {
  let ready: Backend[] = [];
  let turn = 0;
  let isOpen = true;
  const forwarder: Forwarder = await startForwarder(() => ready[turn++ % ready.length]?.port);
  const asking = (async () => {
    while (isOpen) {
      const answers = await Promise.all(backends.map(({ opsPort }) => isReady(opsPort)));
      ready = backends.filter((_, index) => answers[index]);
      await pause(ASK_MS);
    }
  })();
  return {
    url: `http://127.0.0.1:${forwarder.port}`,
    async close() {
      isOpen = false;
      await asking;
      await forwarder.close();
    },
  };
}

async function isReady(opsPort: number): Promise<boolean> {
  try {
    const answer = await fetch(`http://127.0.0.1:${opsPort}/readyz`);
    await answer.text();
    return answer.ok;
  } catch {
    return false;
  }
}
