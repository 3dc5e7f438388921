import { runCommandLine } from '@loguro/types/operations';
import { runCommand, USAGE } from './commands.js';

process.exitCode = await runCommandLine({
  argv: process.argv.slice(2),
  usage: USAGE,
  run: (argv) => runCommand(argv, process.env),
});
