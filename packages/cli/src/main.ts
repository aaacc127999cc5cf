#!/usr/bin/env node
import { exitCodeOf } from './exit-code.ts';
import { createProgram } from './program.ts';

createProgram()
  .parseAsync()
  .catch((error: unknown) => {
    process.exitCode = exitCodeOf(error);
  });
