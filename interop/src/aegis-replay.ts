import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Decisions, Trace } from './aegis-trace.ts';

/** Plays a trace to aegis's own breaker. `binary` is the built `aegis.test`. */
export async function playToAegis(binary: string, trace: Trace): Promise<Decisions> {
  const folder = await mkdtemp(join(tmpdir(), 'wrr-aegis-'));
  try {
    const [input, output] = [join(folder, 'trace.json'), join(folder, 'decisions.json')];
    await writeFile(input, JSON.stringify(trace));
    await promisify(execFile)(binary, ['-test.run=^TestReplay$'], {
      env: { ...process.env, WRR_TRACE: input, WRR_DECISIONS: output },
      timeout: 60_000,
    });
    return JSON.parse(await readFile(output, 'utf8')) as Decisions;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
