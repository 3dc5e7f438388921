import { readFileSync } from 'node:fs';

/** What a target of infra/docker/Dockerfile gives to its processes. */
export interface Image {
  env: Record<string, string>;
  command: string[];
  user: string;
}

/** Reads ENV, CMD and USER of every stage, with what it inherits. */
export function readImages(): Map<string, Image> {
  const text = readFileSync(new URL('../../docker/Dockerfile', import.meta.url), 'utf8').replaceAll('\\\n', ' ');
  const images = new Map<string, Image>();
  let current: Image = { env: {}, command: [], user: '' };
  for (const line of text.split('\n')) {
    const [instruction, ...words] = line.trim().split(/\s+/);
    const rest = words.join(' ');
    if (instruction === 'FROM') {
      const base = images.get(words[0] ?? '');
      current = { env: { ...base?.env }, command: base?.command ?? [], user: base?.user ?? '' };
      images.set(words.at(-1) ?? '', current);
    }
    if (instruction === 'ENV') Object.assign(current.env, Object.fromEntries(words.map((pair) => pair.split('='))));
    if (instruction === 'CMD') current.command = JSON.parse(rest) as string[];
    if (instruction === 'USER') current.user = rest;
  }
  return images;
}
