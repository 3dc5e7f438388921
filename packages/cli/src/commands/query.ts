import type { Command } from 'commander';
import type { Registry } from '../program.js';
export function addQuery(_program: Command, _registry: Registry): void {}
