import { COMPONENTS, createValidators, type ErrorDetail } from '@loguro/types';
import type { Host } from '../host.js';
import type { GlobalFlags } from '../program.js';
import { Session } from '../session.js';

/** What a tool works with. */
export interface ToolContext {
  host: Host;
  flags: GlobalFlags;
  /** Aborts when the client cancels the call. */
  signal: AbortSignal;
}

/** One tool of the MCP server. */
export interface Tool<Input = object> {
  name: string;
  title: string;
  /** For the model: what it does, and when to use it. */
  description: string;
  /** JSON Schema of an object; may refer to the contract's components by their `$id`. */
  input: object;
  /** Changes something: offered with `--allow-write` only. */
  writes: boolean;
  /** @returns JSON that fits a model's context */
  call(input: Input, context: ToolContext): Promise<unknown>;
}

/** A tool whose input type is known only to itself. */
export function defineTool<Input extends object>(tool: Tool<Input>): Tool {
  return tool as unknown as Tool;
}

/** Input that most tools have. */
export const PROJECT = { type: 'string', description: 'Slug of the project. Default: the one this server works on.' };
export const DATASET = { type: 'string', minLength: 1, description: 'Slug, name or id of the dataset.' };

/** A session on the project that the input names, or the server's own. */
export function sessionFor({ host, flags, signal }: ToolContext, project: string | undefined): Session {
  return new Session({ ...host, signal }, project === undefined ? flags : { ...flags, project });
}

/** An object schema without room for anything else. */
export function objectSchema(properties: Record<string, object>, required: readonly string[] = []): object {
  return { type: 'object', properties, required: [...required], additionalProperties: false };
}

const validators = createValidators(COMPONENTS);

/** What is wrong with a tool's input; none when nothing is. */
export function checkInput(tool: Tool): (input: unknown) => ErrorDetail[] {
  return validators.compile(tool.input);
}
