import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { KUBERNETES, type KubernetesObject } from './render.js';

/** What `bin/secrets.mjs` prints, given these variables. */
export function makeSecrets(env: Record<string, string> = {}): KubernetesObject[] {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(KUBERNETES, 'bin/secrets.mjs')], {
    env,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
  return (JSON.parse(stdout) as { items: KubernetesObject[] }).items;
}
