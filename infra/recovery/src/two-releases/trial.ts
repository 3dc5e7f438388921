import type { Reporter } from '@loguro/local';
import { admin, adminJson } from '../admin.js';
import { schemaOf } from '../schema.js';
import { accountsFor, isStored } from './books.js';
import { differences } from './differences.js';
import { createHistory, type History } from './history.js';
import type { Release } from './release.js';
import type { Servers } from './servers.js';
import { type Place, SERVICES, type Stack } from './stack.js';
import { Traffic } from './traffic.js';

/** Options of {@link tryTwoReleases}. */
export interface TrialOptions {
  earlier: Release;
  later: Release;
  servers: Servers;
  stack: Stack;
  reporter: Reporter;
}

/** Turns of every client between two changes. */
const TURNS = 8;

/**
 * Upgrades a stack under load, works with both releases beside each other, goes back one, and forward again.
 *
 * @returns what is not as docs/operations/upgrades.md promises
 */
export async function tryTwoReleases(options: TrialOptions): Promise<string[]> {
  const { earlier, stack, servers, reporter } = options;
  await reporter.step(`migrations of ${earlier.name}`, () => adminJson(['migrate'], stack.adminEnv, earlier.admin));
  await reporter.step(`two of each service, all of ${earlier.name}`, async () => {
    const [first, ...others] = SERVICES.flatMap((service) => [...stack.places[service]]) as [Place, ...Place[]];
    // The first control plane makes the signing key.
    await first.start(earlier);
    await Promise.all(others.map((place) => place.start(earlier)));
  });
  const history = await reporter.step('a history of records, answers and receipts', () =>
    createHistory(earlier, servers, stack),
  );
  const traffic = new Traffic(history.trafficOptions);
  const trial = new Trial(options, history, traffic);
  try {
    await trial.goForward();
    await trial.goBack();
    await trial.leaveJobs();
  } finally {
    await traffic.stop();
  }
  const books = await reporter.step('the books', () => accountsFor(servers, traffic.accepted));
  reporter.say(`      ${traffic.accepted.length} records accepted of ${traffic.sent} sent; turns: ${traffic.counts()}`);
  return [...trial.findings, ...traffic.failures, ...books];
}

class Trial {
  readonly findings: string[] = [];
  readonly #options: TrialOptions;
  readonly #history: History;
  readonly #traffic: Traffic;

  constructor(options: TrialOptions, history: History, traffic: Traffic) {
    this.#options = options;
    this.#history = history;
    this.#traffic = traffic;
  }

  /** Migrates under the earlier services and replaces them in the order of docs/operations/deploy.md. */
  async goForward(): Promise<void> {
    const { earlier, later, stack } = this.#options;
    const { control, worker, ingest, gateway } = stack.places;
    const start = `load on ${earlier.name} alone`;
    this.#traffic.enter(start);
    await this.#traffic.start();
    await this.#step(start, async () => undefined);
    const migrate = `migrate of ${later.name}, under services of ${earlier.name}`;
    await this.#step(
      migrate,
      () => adminJson<{ applied: string[] }>(['migrate'], stack.adminEnv, later.admin),
      ({ applied }) => `${migrate}: ${applied.join(', ') || 'nothing to do'}`,
    );
    await this.#compare(`${earlier.name} on the migrated database`);
    // Between the last worker and the first ingest API, jobs of the earlier release are stored by the later one alone.
    await this.#replace([...control, ...worker, ...ingest, ...gateway], later);
    await this.#compare(`everything is of ${later.name}`);
  }

  /** First the workers, so that the later release's jobs are stored by the earlier one; then the rest in reverse. */
  async goBack(): Promise<void> {
    const { earlier, later, stack, servers } = this.#options;
    const { control, worker, ingest, gateway } = stack.places;
    await this.#replace(worker, earlier);
    const stored = `jobs of ${later.name} are stored by ${earlier.name}`;
    await this.#step(stored, () => isStored(servers, this.#traffic.accepted));
    await this.#replace([...gateway, ...ingest, ...control], earlier);
    await this.#compare(`everything is of ${earlier.name} again`);
    await this.#step(`migrate of ${earlier.name} leaves the newer database alone`, () => this.#migrateBackwards());
  }

  /** Jobs that wait while no worker runs are stored by workers of the later release. */
  async leaveJobs(): Promise<void> {
    const { earlier, later, stack, servers } = this.#options;
    const { worker } = stack.places;
    await this.#step(`jobs of ${earlier.name} wait, and are stored by ${later.name}`, async () => {
      await Promise.all(worker.map((place) => place.end()));
      await this.#traffic.more(TURNS);
      await Promise.all(worker.map((place) => place.start(later)));
      await isStored(servers, this.#traffic.accepted);
    });
  }

  /** Works under load until every client has had some turns more; what fails meanwhile is remembered with the name. */
  async #step<T>(name: string, work: () => Promise<T>, done?: (result: T) => string): Promise<void> {
    this.#traffic.enter(name);
    const workUnderLoad = async () => {
      const result = await work();
      await this.#traffic.more(TURNS);
      return result;
    };
    await this.#options.reporter.step(name, workUnderLoad, done);
  }

  async #compare(name: string): Promise<void> {
    await this.#step(`${name}: the history is as it was`, async () => {
      this.findings.push(...(await this.#history.changed()).map((change) => `${name}: ${change}`));
    });
  }

  /** One after the other, with traffic between. */
  async #replace(places: readonly Place[], release: Release): Promise<void> {
    for (const [index, place] of places.entries()) {
      const which = places[index - 1]?.service === place.service ? 'second' : 'first';
      await this.#step(`${place.service}: the ${which} one becomes ${release.name}`, async () => {
        await place.end();
        await place.start(release);
      });
    }
  }

  /** Refused by states from 9918f4d on; earlier ones see nothing to do. */
  async #migrateBackwards(): Promise<void> {
    const { earlier, stack, servers } = this.#options;
    const before = await schemaOf(servers.ownerUrl);
    const { code, stdout, stderr } = await admin(['migrate'], stack.adminEnv, earlier.admin);
    const words = `migrate of ${earlier.name} ended with ${code} and said: ${stdout}${stderr}`;
    const isRefused = code !== 0 && stderr.includes('A newer release migrated');
    if (!isRefused && !(code === 0 && stdout.includes('up to date'))) this.findings.push(words);
    this.findings.push(...differences(before, await schemaOf(servers.ownerUrl), words));
  }
}
