import { join } from 'node:path';
import { end, isAlive, type ProcessIdentity } from '@loguro/servers';
import { readJson, writePrivateJson } from './files.js';
import { CHILDREN, type ChildName } from './local-file.js';

/**
 * `<data folder>/processes.json`: which processes are ours, with their start times. A start that was killed
 * could not end its children; the next one finds them here.
 */
export class ProcessRecord {
  readonly #path: string;
  readonly #running = new Map<ChildName, ProcessIdentity>();

  constructor(dataFolder: string) {
    this.#path = join(dataFolder, 'processes.json');
  }

  /** Notes a process, or with null that it has ended. */
  set(name: ChildName, identity: ProcessIdentity | null): void {
    if (identity === null) this.#running.delete(name);
    else this.#running.set(name, { pid: identity.pid, startedAt: identity.startedAt });
    writePrivateJson(this.#path, Object.fromEntries(this.#running));
  }

  /**
   * Ends what an earlier start has left running: first the services, which still have a database to finish
   * their work with.
   *
   * @returns the names of those that ran
   */
  async endLeftovers(graceMs = 10_000): Promise<ChildName[]> {
    const left = this.#readLeftovers();
    const services = left.filter(([name]) => name !== 'postgres');
    await Promise.all(services.map(([, identity]) => end(identity, 'SIGTERM', graceMs)));
    const postgres = left.filter(([name]) => name === 'postgres');
    await Promise.all(postgres.map(([, identity]) => end(identity, 'SIGINT', graceMs)));
    return left.map(([name]) => name);
  }

  #readLeftovers(): [ChildName, ProcessIdentity][] {
    let recorded: unknown;
    try {
      recorded = readJson(this.#path);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
    const byName = (recorded ?? {}) as Partial<Record<ChildName, ProcessIdentity>>;
    return CHILDREN.flatMap((name) => {
      const identity = byName[name];
      return identity !== undefined && isAlive(identity) ? [[name, identity] as [ChildName, ProcessIdentity]] : [];
    });
  }
}
