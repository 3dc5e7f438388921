import { waitFor } from '@loguro/servers';
import { type Ended, holds, run, succeed } from './command.js';

/** A container, as far as the trial looks into it. */
export interface Container {
  id: string;
  service: string;
  image: string;
  state: { status: string; pid: number; exitCode: number; startedAt: string; health: string | undefined };
  host: Record<string, unknown>;
  /** Ports of this machine that lead into it. */
  published: string[];
  /** All that `docker inspect` shows, as text. */
  inspected: string;
}

interface Inspected {
  Id: string;
  Config: { Image: string; Labels: Record<string, string> };
  State: { Status: string; Pid: number; ExitCode: number; StartedAt: string; Health?: { Status: string } };
  HostConfig: Record<string, unknown>;
  NetworkSettings: { Ports: Record<string, { HostPort: string }[] | null> };
}

/** Options of {@link Project}. */
export interface ProjectOptions {
  /** The repository that docker-compose.yml is in. */
  folder: string;
  /** Of the Compose project: containers and volumes begin with it. */
  name: string;
  /** Where the gateway is published on this machine. */
  port: number;
  /** The command: `docker compose`, `docker-compose`. */
  program: readonly string[];
}

/** Longer than the longest grace and the slowest start. */
const HEALTHY_TIMEOUT_MS = 180_000;

/** One installation by docker-compose.yml. */
export class Project {
  readonly #options: ProjectOptions;
  readonly #env: Record<string, string>;

  constructor(options: ProjectOptions) {
    const { port } = options;
    this.#options = options;
    this.#env = {
      // For Docker before version 23.
      DOCKER_BUILDKIT: '1',
      LOGURO_VERSION: 'trial',
      LOGURO_PUBLISH: `127.0.0.1:${port}`,
      LOGURO_API_URL: this.apiUrl,
      LOGURO_INGEST_URL: this.ingestUrl,
    };
  }

  get apiUrl(): string {
    return `http://localhost:${this.#options.port}`;
  }
  get ingestUrl(): string {
    return `http://ingest.localhost:${this.#options.port}`;
  }
  get port(): number {
    return this.#options.port;
  }
  get folder(): string {
    return this.#options.folder;
  }

  /** Runs Compose, whatever comes of it. */
  tryCompose(args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
    const { program, name, folder } = this.#options;
    const [command = '', ...first] = program;
    return run(command, [...first, '--project-name', name, ...args], { cwd: folder, env: { ...this.#env, ...env } });
  }

  /** Runs Compose. @throws Error with what it said when it fails */
  compose(...args: string[]): Promise<string> {
    return this.composeWith({}, ...args);
  }

  /** Runs Compose with more variables. @throws Error with what it said when it fails */
  async composeWith(env: Record<string, string>, ...args: string[]): Promise<string> {
    const { code, stdout, output } = await this.tryCompose(args, env);
    holds(
      code === 0,
      `compose ${args.join(' ')} ended with ${code}:\n${output.trim().split('\n').slice(-30).join('\n')}`,
    );
    return stdout;
  }

  /** Runs loguro-admin in its container. @throws Error with what it said when it fails */
  admin(...args: string[]): Promise<string> {
    return this.compose('run', '--rm', '-T', 'admin', ...args);
  }

  docker(...args: string[]): Promise<string> {
    return succeed('docker', args);
  }

  image(target: string): string {
    return `loguro/${target}:trial`;
  }
  volume(name: string): string {
    return `${this.#options.name}_${name}`;
  }

  /** The containers of services, those that ended included. */
  async containers(...services: string[]): Promise<Container[]> {
    const filter = `label=com.docker.compose.project=${this.#options.name}`;
    const ids = (await this.docker('ps', '--all', '--quiet', '--no-trunc', '--filter', filter)).split('\n');
    const known = ids.filter((id) => id !== '');
    if (known.length === 0) return [];
    const found = JSON.parse(await this.docker('inspect', ...known)) as Inspected[];
    const all = found.map(toContainer);
    return services.length === 0 ? all : all.filter(({ service }) => services.includes(service));
  }

  /** The one container of a service. @throws Error when there is none or several */
  async container(service: string): Promise<Container> {
    const [found, ...others] = await this.containers(service);
    holds(found !== undefined && others.length === 0, `${service} has not one container.`);
    return found;
  }

  /** Resolves when everything that is to run is healthy, with what runs. */
  healthy(): Promise<Container[]> {
    return waitFor(
      async () => {
        const running = (await this.containers()).filter(({ state }) => state.health !== undefined);
        return running.length > 0 && running.every(({ state }) => state.health === 'healthy') && running;
      },
      { timeoutMs: HEALTHY_TIMEOUT_MS, intervalMs: 500, what: 'every container to be healthy' },
    );
  }

  /** Kills the process of a container from outside, as the kernel would: Docker takes its own `kill` for a wish. */
  async kill({ state }: Container): Promise<void> {
    const privileges = [
      '--pid',
      'host',
      '--user',
      '0:0',
      '--cap-drop',
      'ALL',
      '--cap-add',
      'KILL',
      '--network',
      'none',
    ];
    const program = ['--entrypoint', 'node', this.image('gateway'), '--eval', `process.kill(${state.pid}, 'SIGKILL')`];
    await this.docker('run', '--rm', ...privileges, ...program);
  }

  /** Resolves when a container runs again that was started at another time before. */
  async restarted({ id, service, state }: Container): Promise<void> {
    const again = async () => {
      const now = (await this.containers(service)).find((container) => container.id === id);
      return now?.state.startedAt !== state.startedAt && now?.state.health === 'healthy';
    };
    await waitFor(again, { timeoutMs: HEALTHY_TIMEOUT_MS, intervalMs: 250, what: `${service} to be back` });
  }

  /** Every secret of the installation, by name. */
  async secrets(): Promise<Record<string, string>> {
    const script =
      "const fs = require('fs'); const files = fs.readdirSync('/s').map((name) => [name, fs.readFileSync('/s/' + name, 'utf8')]);" +
      'console.log(JSON.stringify(Object.fromEntries(files)))';
    const mount = ['--network', 'none', '--volume', `${this.volume('secrets-admin')}:/s:ro`];
    const printed = await this.docker(
      'run',
      '--rm',
      ...mount,
      '--entrypoint',
      'node',
      this.image('admin'),
      '-e',
      script,
    );
    return JSON.parse(printed) as Record<string, string>;
  }

  /** Deletes containers, networks and volumes. */
  async delete(): Promise<void> {
    await this.compose('--profile', 'tools', 'down', '--volumes', '--remove-orphans');
  }

  /** Deletes the images as well; what they were built from stays in Docker's cache. */
  async deleteImages(): Promise<void> {
    const images = (await this.docker('image', 'ls', '--quiet', '--filter', 'reference=loguro/*:trial')).split('\n');
    const ids = new Set(images.filter((id) => id !== ''));
    if (ids.size > 0) await this.docker('image', 'rm', '--force', ...ids);
  }
}

function toContainer(inspected: Inspected): Container {
  const { Id, Config, State, HostConfig, NetworkSettings } = inspected;
  return {
    id: Id,
    service: Config.Labels['com.docker.compose.service'] ?? '',
    image: Config.Image,
    state: {
      status: State.Status,
      pid: State.Pid,
      exitCode: State.ExitCode,
      startedAt: State.StartedAt,
      health: State.Health?.Status,
    },
    host: HostConfig,
    published: Object.values(NetworkSettings.Ports).flatMap((ports) => (ports ?? []).map(({ HostPort }) => HostPort)),
    inspected: JSON.stringify(inspected),
  };
}
