import { readFileSync } from 'node:fs';

/** What a target of infra/docker/Dockerfile gives to its processes. */
export interface Image {
  env: Record<string, string>;
  command: string[];
  entrypoint: string[];
  user: string;
}

/** What a COPY takes: from a stage, or from the repository when `from` is undefined. */
export interface Copy {
  stage: string;
  from: string | undefined;
  sources: string[];
}

/** infra/docker/Dockerfile, as far as tests look into it. */
export interface Dockerfile {
  /** Every stage, with what it inherits. */
  images: Map<string, Image>;
  copies: Copy[];
  /** The images of others that stages begin with. */
  bases: string[];
  /** ARGs with a default. */
  args: Record<string, string>;
}

const EMPTY: Image = { env: {}, command: [], entrypoint: [], user: '' };

/** Reads infra/docker/Dockerfile. */
export function readDockerfile(): Dockerfile {
  const text = readFileSync(new URL('../Dockerfile', import.meta.url), 'utf8').replaceAll('\\\n', ' ');
  const file: Dockerfile = { images: new Map(), copies: [], bases: [], args: {} };
  let stage = '';
  let current = EMPTY;
  for (const line of text.split('\n')) {
    const [instruction, ...words] = line.trim().split(/\s+/);
    const rest = words.join(' ');
    if (instruction === 'ARG') Object.assign(file.args, pairs(words));
    if (instruction === 'FROM') {
      const [from = ''] = words;
      const inherited = file.images.get(from);
      if (inherited === undefined) file.bases.push(from.replace(/\$\{(\w+)\}/, (_, name) => file.args[name] ?? ''));
      stage = words.at(-1) ?? '';
      current = { ...(inherited ?? EMPTY), env: { ...inherited?.env } };
      file.images.set(stage, current);
    }
    if (instruction === 'ENV') Object.assign(current.env, pairs(words));
    if (instruction === 'CMD') current.command = JSON.parse(rest) as string[];
    if (instruction === 'ENTRYPOINT') current.entrypoint = JSON.parse(rest) as string[];
    if (instruction === 'USER') current.user = rest;
    if (instruction === 'COPY') {
      const from = /--from=(\S+)/.exec(rest)?.[1];
      file.copies.push({ stage, from, sources: words.filter((word) => !word.startsWith('--')).slice(0, -1) });
    }
  }
  return file;
}

/** ENV, CMD and USER of every stage, with what it inherits. */
export function readImages(): Map<string, Image> {
  return readDockerfile().images;
}

function pairs(words: readonly string[]): Record<string, string> {
  return Object.fromEntries(words.filter((word) => word.includes('=')).map((word) => word.split(/=(.*)/s, 2)));
}
