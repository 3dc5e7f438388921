import type { Command } from 'commander';
import type { Registry } from '../program.js';
export function addDoctor(_program: Command, _registry: Registry): void {}
