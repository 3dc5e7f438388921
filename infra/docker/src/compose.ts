import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

/** The repository. */
export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** A service of docker-compose.yml, as far as tests look into it. */
export interface ComposeService {
  image: string;
  build?: { context: string; dockerfile: string; target: string };
  entrypoint?: string[];
  command?: string[];
  environment?: Record<string, string>;
  user?: string;
  restart: string;
  read_only: boolean;
  cap_drop: string[];
  cap_add?: string[];
  privileged?: boolean;
  security_opt: string[];
  pids_limit: number;
  mem_limit: string;
  cpus: number;
  stop_grace_period?: string;
  healthcheck?: { disable?: boolean; test?: string[] };
  depends_on?: Record<string, { condition: string }>;
  ports?: string[];
  volumes?: string[];
  networks?: string[];
  network_mode?: string;
  profiles?: string[];
}

/** docker-compose.yml. */
export interface ComposeFile {
  services: Record<string, ComposeService>;
  networks: Record<string, { internal?: boolean }>;
  volumes: Record<string, object>;
}

/** Reads docker-compose.yml, with what its anchors bring. */
export function readCompose(): ComposeFile {
  return parse(readFileSync(`${ROOT}docker-compose.yml`, 'utf8'), { merge: true }) as ComposeFile;
}

/** The service of that name. @throws Error when there is none */
export function serviceOf({ services }: ComposeFile, name: string): ComposeService {
  const service = services[name];
  if (service === undefined) throw new Error(`docker-compose.yml has no service ${name}.`);
  return service;
}

/** Fills in `${NAME:-default}` for somebody who set nothing. */
export function withDefaults(text: string): string {
  return text.replace(/\$\{\w+:-([^}]*)\}/g, (_, value: string) => value);
}

/** The volumes of a service as [volume, folder in the container] pairs. */
export function volumesOf({ volumes = [] }: ComposeService): [string, string][] {
  return volumes.map((volume) => {
    const [source = '', target = ''] = withDefaults(volume).split(':');
    return [source, target];
  });
}

/**
 * What a service's process finds in its environment, once `with-secrets.mjs` has filled in the secrets.
 *
 * @param image the ENV of its image
 * @param secret gives the content of a file in the volume mounted on /run/loguro
 */
export function environmentOf(
  service: ComposeService,
  image: Record<string, string>,
  secret: (volume: string, name: string) => string,
): Record<string, string> {
  const [volume = ''] = volumesOf(service).find(([, target]) => target === '/run/loguro') ?? [];
  const fill = (value: string) => withDefaults(value).replace(/\{\{(\w+)\}\}/g, (_, name) => secret(volume, name));
  const own = Object.entries(service.environment ?? {}).map(([name, value]) => [name, fill(value)]);
  return { ...image, ...Object.fromEntries(own) };
}
