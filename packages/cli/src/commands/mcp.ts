import type { Command } from 'commander';
import type { Context, Registry } from '../program.js';

export function addMcp(program: Command, { run }: Registry): void {
  program
    .command('mcp')
    .description('Serve the datasets to AI assistants: an MCP server over stdin and stdout.')
    .option('--allow-write', 'also offer tools that create datasets, register schemas and send records')
    .addHelpText(
      'after',
      `
It uses the login of this machine, or LOGURO_TOKEN, and can do what that account may do, but nothing that
changes anything unless --allow-write is given.

Examples:
  $ claude mcp add loguro -- loguro mcp
  $ loguro mcp --project web --allow-write
`,
    )
    .action(run<{ allowWrite?: boolean }>(mcp));
}

async function mcp({ host, flags }: Context<{ allowWrite?: boolean }>): Promise<undefined> {
  // The protocol's library is large; no other command needs it.
  const { serveMcp } = await import('../mcp/server.js');
  await serveMcp({ host, flags, allowWrite: flags.allowWrite ?? false });
  return undefined;
}
