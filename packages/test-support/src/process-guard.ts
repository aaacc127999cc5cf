import { type ChildProcess, spawn } from 'node:child_process';

const SCRIPT = 'trap "" INT TERM; read -r _; kill -9 "$1" 2>/dev/null; rm -rf "$2"';

/**
 * Sees to it that process `pid` and `folder` outlive this process in no case: not after SIGKILL, not
 * after a crashed test worker. A waiting shell reads from a pipe that only this process holds; the end
 * of the pipe is the end of both.
 *
 * Returns the function that calls the guard off.
 */
export function guardProcess(pid: number, folder: string): () => void {
  if (process.platform === 'win32') return () => {};
  const guard: ChildProcess = spawn('/bin/sh', ['-c', SCRIPT, 'sh', String(pid), folder], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  guard.unref();
  const pipe = guard.stdin as (NodeJS.WritableStream & { unref?: () => void }) | null;
  pipe?.unref?.();
  pipe?.on('error', () => {});
  guard.on('error', () => {});
  return () => void guard.kill('SIGKILL');
}
