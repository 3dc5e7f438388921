import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { KUBERNETES, type KubernetesObject, render } from './render.js';

/** Renders `base` with one of the components, as an overlay of its own would. */
export function renderWith(component: string): KubernetesObject[] {
  const folder = mkdtempSync(join(tmpdir(), 'loguro-kubernetes-'));
  try {
    const to = (name: string) => relative(folder, join(KUBERNETES, name));
    const overlay = `resources: [${to('base')}]\ncomponents: [${to(component)}]\n`;
    writeFileSync(join(folder, 'kustomization.yaml'), overlay);
    return render(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
