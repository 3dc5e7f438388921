import { call } from '@loguro/local';
import { waitFor } from '@loguro/servers';
import { holds } from './command.js';
import type { Project } from './project.js';

/** What is in the trial's dataset. */
export interface Stored {
  records: number;
  /** Different numbers among them. */
  numbers: number;
  highest: number | null;
}

/** An account of the installation. */
export class Client {
  readonly #project: Project;
  readonly #pat: string;

  constructor(project: Project, pat: string) {
    this.#project = project;
    this.#pat = pat;
  }

  /** @throws Error when the answer is no success */
  async api(method: string, path: string, body?: object): Promise<unknown> {
    const answer = await call({ baseUrl: this.#project.apiUrl, method, path: `/api${path}`, token: this.#pat, body });
    holds(answer.status < 300, `${method} ${path} was answered ${answer.status}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  /** A key of the project `local`, for producers. */
  async key(): Promise<string> {
    const { secret } = (await this.api('POST', '/projects/local/keys', { name: 'trial' })) as { secret: string };
    return secret;
  }

  /** A dataset of numbers. */
  async dataset(name = 'Numbers'): Promise<number> {
    const { dataset } = (await this.api('POST', '/datasets/local', { name })) as { dataset: { id: number } };
    await this.api('POST', `/datasets/local/${dataset.id}/schema`, { number: 'number' });
    return dataset.id;
  }

  async stored(dataset: number): Promise<Stored> {
    const select = [
      { aggregate: 'count', as: 'records' },
      { aggregate: 'count_distinct', field: 'number', as: 'numbers' },
      { aggregate: 'max', field: 'number', as: 'highest' },
    ];
    const { rows } = (await this.api('POST', `/datasets/local/${dataset}/query`, { select })) as { rows: Stored[] };
    const [row] = rows;
    holds(row !== undefined, 'A count has no row.');
    return row;
  }

  /** Resolves when exactly the numbers below `count` are stored, each once. @throws Error with what is stored instead */
  async storedExactly(dataset: number, count: number): Promise<void> {
    let last: Stored | undefined;
    const all = async () => {
      last = await this.stored(dataset);
      return last.records >= count;
    };
    await waitFor(all, { timeoutMs: 60_000, intervalMs: 500, what: `${count} records to be stored` }).catch((cause) => {
      throw new Error(`Accepted were ${count} records, and stored are ${JSON.stringify(last)}.`, { cause });
    });
    const right = last?.records === count && last.numbers === count && last.highest === count - 1;
    holds(right, `Accepted were ${count} records, and stored are ${JSON.stringify(last)}.`);
  }
}
