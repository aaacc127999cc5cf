export { exitCodeOf } from './exit-code.ts';
export { createProgram } from './program.ts';
