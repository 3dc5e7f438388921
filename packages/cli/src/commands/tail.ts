import type { Command } from 'commander';
import type { Registry } from '../program.js';
export function addTail(_program: Command, _registry: Registry): void {}
