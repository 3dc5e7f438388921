import { holds } from './command.js';
import type { Load } from './load.js';
import type { Container, Project } from './project.js';

/** What has to end with 0 when it is told to stop; databases have codes of their own. */
export const OURS = ['gateway', 'control-plane', 'ingest-api', 'ingest-worker'];

/** Kills every process, one after the other, under load; each has to be back by itself. */
export async function survivesKills(project: Project, load: Load): Promise<Container[]> {
  const victims = await project.healthy();
  for (const victim of victims) {
    await load.more(100);
    await project.kill(victim);
    await project.restarted(victim);
  }
  await project.healthy();
  await load.more(100);
  return victims;
}

/** Stops each of ours as `docker stop` does, with its own grace; gives the slowest and its seconds. */
export async function stopsCleanly(project: Project): Promise<string> {
  let slowest = { service: '', seconds: 0 };
  for (const service of OURS) {
    for (const { id, host } of await project.containers(service)) {
      const started = performance.now();
      // The grace of docker-compose.yml is part of the container.
      await project.docker('stop', id);
      const seconds = (performance.now() - started) / 1000;
      const [stopped] = (await project.containers(service)).filter((container) => container.id === id);
      const code = stopped?.state.exitCode;
      holds(
        code === 0,
        `${service} ended with ${code} after ${seconds.toFixed(1)} s; its limits are ${JSON.stringify(host)}.`,
      );
      if (seconds > slowest.seconds) slowest = { service, seconds };
    }
  }
  return `${slowest.service} took longest, ${slowest.seconds.toFixed(1)} s`;
}

/** A second `up` changes neither secrets nor containers. */
export async function changesNothing(project: Project, scale: string): Promise<void> {
  const [secrets, before] = [await project.secrets(), await project.containers(...OURS, 'postgres', 'redis')];
  await project.compose('up', '--detach', '--scale', scale);
  await project.healthy();
  const after = await project.containers(...OURS, 'postgres', 'redis');
  holds(JSON.stringify(await project.secrets()) === JSON.stringify(secrets), 'A second `up` changes secrets.');
  const ids = (containers: Container[]) =>
    containers
      .map(({ id }) => id)
      .sort()
      .join();
  holds(ids(before) === ids(after), 'A second `up` makes containers anew.');
}

/** Takes everything down, keeping the volumes, and up again. */
export async function comesBack(project: Project): Promise<void> {
  await project.compose('down');
  holds((await project.containers()).length === 0, '`down` leaves containers.');
  await project.compose('up', '--detach');
  await project.healthy();
}
