import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import { findKubectl } from './kubectl.js';

/** A Kubernetes object; what a kind has in it, the tests say where they look. */
export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string> };
  data?: Record<string, string>;
  stringData?: Record<string, string>;
  spec?: unknown;
}

export const KUBERNETES = fileURLToPath(new URL('..', import.meta.url));

/**
 * What `kubectl apply --kustomize` would apply.
 *
 * @param folder absolute, or below infra/kubernetes
 * @throws Error with kubectl's own words
 */
export function render(folder: string): KubernetesObject[] {
  const kubectl = findKubectl({ path: process.env.PATH ?? '', say: console.log });
  const { status, stdout, stderr } = spawnSync(kubectl, ['kustomize', folder], { cwd: KUBERNETES, encoding: 'utf8' });
  // Warnings are of what the next kustomize will refuse.
  if (status !== 0 || stderr !== '') throw new Error(`kubectl can't render ${folder}: ${stderr}`);
  return parseAllDocuments(stdout).map((document) => document.toJS() as KubernetesObject);
}
