import { Argument, type Command } from 'commander';
import { complete, type NameSource } from '../completion/candidates.js';
import { formatCandidates, SCRIPTS, SHELLS, type Shell } from '../completion/scripts.js';
import type { Context, Registry } from '../program.js';
import { Session } from '../session.js';

/** A prompt must not hang: what the service doesn't say by then is left out. Milliseconds. */
const NAMES_TIMEOUT_MS = 1500;

export function addCompletion(program: Command, { run }: Registry): void {
  const shell = () => new Argument('<shell>').choices(SHELLS);
  program
    .command('completion')
    .addArgument(shell())
    .description('Print a script that makes the shell complete commands, options and datasets.')
    .addHelpText(
      'after',
      `
Examples:
  $ source <(loguro completion bash)
  $ source <(loguro completion zsh)
  $ loguro completion fish | source
`,
    )
    .action(run(async ({ out }, name) => void (await out.data(SCRIPTS[name as Shell]))));
  program
    .command('complete', { hidden: true })
    .addArgument(shell())
    .argument('[words...]')
    .action(
      run(async (context, name, ...words) => {
        const completion = await complete(program, words.flat(), namesFrom(context));
        await context.out.data(completion === 'files' ? 'files\n' : formatCandidates(name as Shell, completion));
        return undefined;
      }),
    );
}

/** Not logged in, not reachable, too slow: there is nothing to complete, and nothing to say in the middle of typing. */
function namesFrom({ host, flags }: Context): NameSource {
  const signal = AbortSignal.any([host.signal, AbortSignal.timeout(NAMES_TIMEOUT_MS)]);
  const session = new Session({ ...host, signal }, flags);
  const toCandidate = ({ slug, name }: { slug: string; name: string }) => ({ word: slug, description: name });
  return {
    projects: async () => {
      const list = async () => (await session.account()).projects.list({ signal });
      return (await list().catch(() => [])).map(toCandidate);
    },
    datasets: async () => {
      const list = async () => (await session.datasets()).datasets.list({ signal });
      return (await list().catch(() => [])).map(toCandidate);
    },
  };
}
