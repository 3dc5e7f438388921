import { holds, run } from './command.js';
import type { Container, Project } from './project.js';

/** Reads what the kernel and Docker say of every running container, and looks for secrets where none may be. */
export async function isHardened(project: Project): Promise<void> {
  const running = (await project.containers()).filter(({ state }) => state.status === 'running');
  const secrets = Object.entries(await project.secrets());
  holds(secrets.length === 6, `There are ${secrets.length} secrets.`);
  for (const container of running) {
    hasNoPrivilege(container);
    await confirmedByKernel(container);
    const logs = (await run('docker', ['logs', container.id])).output;
    for (const [name, value] of secrets) {
      holds(!container.inspected.includes(value), `\`docker inspect\` of ${container.service} shows ${name}.`);
      holds(!logs.includes(value), `The log of ${container.service} shows ${name}.`);
    }
  }
}

function hasNoPrivilege({ service, host }: Container): void {
  const { ReadonlyRootfs, CapDrop, CapAdd, Privileged, Memory, NanoCpus, PidsLimit } = host;
  holds(ReadonlyRootfs === true && Privileged === false, `${service} may write to its image, or is privileged.`);
  holds(String(CapDrop) === 'ALL' && CapAdd === null, `${service} has capabilities: ${CapDrop}, ${CapAdd}.`);
  const limits = [Memory, NanoCpus, PidsLimit].map(Number);
  holds(
    limits.every((limit) => limit > 0),
    `${service} is not limited: ${limits}.`,
  );
}

async function confirmedByKernel({ id, service }: Container): Promise<void> {
  const { stdout } = await run('docker', ['exec', id, 'cat', '/proc/1/status']);
  const status = new Map(stdout.split('\n').map((line) => line.split(/:\s+/) as [string, string]));
  for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb']) {
    holds(/^0+$/.test(status.get(set) ?? ''), `${service} has ${set} ${status.get(set)}.`);
  }
  const ids = `${status.get('Uid')}\t${status.get('Gid')}`.split('\t');
  holds(ids.length === 8 && !ids.includes('0'), `${service} runs as ${ids}.`);
  holds(status.get('NoNewPrivs') === '1' && status.get('Seccomp') === '2', `${service} could get privileges.`);
  const written = await run('docker', ['exec', id, 'sh', '-c', 'echo > /usr/written || echo > /app/written']);
  holds(written.code !== 0 && written.output.includes('Read-only'), `${service} can write to its image.`);
}
