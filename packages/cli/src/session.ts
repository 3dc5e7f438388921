import { AccountClient, type Dataset, DatasetQueryClient } from '@loguro/datasets';
import { nearestName } from '@loguro/types';
import { CliError } from './cli-error.js';
import { EXIT } from './exit-codes.js';
import type { Host } from './host.js';
import { resolveSettings, type SettingFlags, type Settings } from './settings/settings.js';

/** Who a command acts as, and the SDK's clients for it, made when they are first needed. */
export class Session {
  readonly #host: Host;
  readonly #flags: SettingFlags;
  #settings: Promise<Settings> | undefined;
  #project: Promise<string> | undefined;

  constructor(host: Host, flags: SettingFlags) {
    this.#host = host;
    this.#flags = flags;
  }

  /** Aborts what is on its way when the user stops the command. */
  get signal(): AbortSignal {
    return this.#host.signal;
  }

  /** Read once, and only by commands that need them: `--help` works without. */
  settings(): Promise<Settings> {
    this.#settings ??= resolveSettings(this.#flags, this.#host.config, this.#host.cwd);
    return this.#settings;
  }

  /** @throws CliError when no token was given anywhere */
  async token(): Promise<string> {
    const { token, apiUrl } = await this.settings();
    if (token !== undefined) return token.value;
    throw new CliError(`You are not logged in to ${apiUrl.value}.`, {
      exitCode: EXIT.credential,
      hints: ['Log in: loguro login', 'Or set LOGURO_TOKEN to a personal access token.'],
    });
  }

  /** What belongs to the account: projects, members, keys, tokens. */
  async account(): Promise<AccountClient> {
    return new AccountClient({ pat: await this.token(), ...(await this.#connection()) });
  }

  /** The datasets of the project. */
  async datasets(): Promise<DatasetQueryClient> {
    const pat = await this.token();
    return new DatasetQueryClient({ pat, project: await this.project(), ...(await this.#connection()) });
  }

  /**
   * The slug of the project to work on; when none was named, the only one the account has.
   *
   * @throws CliError when there are several, or none
   */
  project(): Promise<string> {
    this.#project ??= this.#findProject();
    return this.#project;
  }

  /**
   * The dataset with this id, slug or name.
   *
   * @throws CliError `notFound`, with the nearest slug
   */
  async dataset(reference: string): Promise<Dataset> {
    const client = await this.datasets();
    if (/^\d+$/.test(reference)) return client.datasets.get(Number(reference), { signal: this.signal });
    const datasets = await client.datasets.list({ signal: this.signal });
    const found =
      datasets.find(({ slug }) => slug === reference) ??
      datasets.find(({ name }) => name.toLowerCase() === reference.toLowerCase());
    if (found !== undefined) return found;
    const slugs = datasets.map(({ slug }) => slug);
    const near = nearestName(reference, slugs);
    throw new CliError(`The project ${await this.project()} has no dataset "${reference}".`, {
      exitCode: EXIT.notFound,
      hints: [
        ...(near === undefined ? [] : [`Did you mean ${near}?`]),
        slugs.length === 0 ? 'Create one: loguro datasets create NAME' : `There are: ${slugs.slice(0, 20).join(', ')}`,
      ],
    });
  }

  async #connection() {
    const { apiUrl } = await this.settings();
    return { baseUrl: apiUrl.value, fetch: this.#host.fetch };
  }

  async #findProject(): Promise<string> {
    const { project } = await this.settings();
    if (project !== undefined) return project.value;
    const projects = await (await this.account()).projects.list({ signal: this.signal });
    const [only] = projects;
    if (only !== undefined && projects.length === 1) return only.slug;
    throw new CliError(projects.length === 0 ? 'The account has no project yet.' : 'Which project?', {
      hints:
        projects.length === 0
          ? ['Create one: loguro projects create NAME']
          : [
              `Name one of ${projects.map(({ slug }) => slug).join(', ')} with --project or LOGURO_PROJECT.`,
              'Or keep one for next time: loguro projects use SLUG',
            ],
    });
  }
}
