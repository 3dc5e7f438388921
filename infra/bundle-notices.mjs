import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The licences of what is in a bundle, as text: nearly all of them ask to be passed on with copies.
 *
 * @param {string} program what contains it
 * @param {import('esbuild').Metafile} metafile what esbuild says of the bundle
 * @param {string} folder that the paths in it are relative to
 * @returns {string}
 */
export function noticesOf(program, { outputs }, folder) {
  const bundled = Object.values(outputs).flatMap(({ inputs }) =>
    Object.keys(inputs).filter((path) => inputs[path].bytesInOutput > 0),
  );
  const packages = new Set(
    bundled.flatMap((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(path)?.[0] ?? []),
  );
  const notices = [...packages].map((path) => notice(join(folder, path))).sort();
  return `${program} contains the following packages, each under its own licence.\n\n${[...new Set(notices)].join('\n')}`;
}

function notice(folder) {
  const { name, version, license, author } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e(\.|-|$)/i.test(entry));
  // A few packages name their licence and don't bring its text.
  const text = file ? readFileSync(join(folder, file), 'utf8').trim() : `By ${author?.name ?? author ?? name}.`;
  return `${'-'.repeat(80)}\n${name} ${version} (${license})\n\n${text}\n`;
}
