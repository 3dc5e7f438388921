import type { Command } from 'commander';
import type { Registry } from '../program.js';
export function addMcp(_program: Command, _registry: Registry): void {}
