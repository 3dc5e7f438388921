import { readDockerfile } from '../images.js';
import type { Project } from './project.js';

const MEGABYTE = 1_000_000;

/** The images of ours: what each adds to the image it is built on, and what it takes with it. */
export async function sizes(project: Project): Promise<string[]> {
  const { args } = readDockerfile();
  const sizeOf = async (image = '') => Number(await project.docker('image', 'inspect', '--format', '{{.Size}}', image));
  const bases = { node: await sizeOf(args.NODE_IMAGE), postgres: await sizeOf(args.POSTGRES_IMAGE) };
  const lines: string[] = [];
  for (const target of ['gateway', 'control-plane', 'ingest-api', 'ingest-worker', 'admin']) {
    const size = await sizeOf(project.image(target));
    const own = size - (target === 'admin' ? bases.postgres : bases.node);
    lines.push(`${target}: ${Math.round(size / MEGABYTE)} MB, of which ours ${Math.round(own / MEGABYTE)} MB`);
  }
  return lines;
}
