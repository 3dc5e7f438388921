import { join } from 'node:path';
import { readJson, writePrivateJson } from './files.js';

/** The processes of the stack. */
export const CHILDREN = ['gateway', 'controlPlane', 'ingestApi', 'ingestWorker', 'postgres'] as const;
export type ChildName = (typeof CHILDREN)[number];

/** `<data folder>/local.json`, for scripts: true at all times, mode 0600. */
export interface LocalFile {
  /** Base URL of the control plane, such as `http://localhost:8080`. */
  apiUrl: string;
  /** Base URL of ingest, such as `http://ingest.localhost:8080`. */
  ingestUrl: string;
  /** Slug of the demo project. */
  project: string;
  /** Personal access token of the demo account. */
  pat: string;
  /** Server key of the demo project. */
  projectKey: string;
  /** null while a process does not run. */
  pids: Record<ChildName, number | null>;
}

/** The file as it is; undefined when there is none, or when it is not whole. */
export function readLocalFile(dataFolder: string): LocalFile | undefined {
  try {
    const content = readJson(join(dataFolder, 'local.json')) as LocalFile | undefined;
    const texts = [content?.apiUrl, content?.ingestUrl, content?.project, content?.pat, content?.projectKey];
    return texts.every((text) => typeof text === 'string') ? content : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Replaces the file. */
export function writeLocalFile(dataFolder: string, content: LocalFile): void {
  writePrivateJson(join(dataFolder, 'local.json'), content);
}
