import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';

/**
 * Runs a job a worker thread, as many at once as there are processors, and returns their messages in the
 * order of the jobs. For work whose result does not depend on how fast it runs. Jobs are begun from the
 * last to the first, so put the longest last.
 */
export async function inWorkers<Job, Result>(
  script: URL,
  jobs: readonly Job[],
  onStart: (job: Job) => void,
): Promise<readonly Result[]> {
  const results = new Map<number, Result>();
  const waiting = [...jobs.entries()];
  const worker = async (): Promise<void> => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const [index, job] = next;
      onStart(job);
      results.set(index, await answerOf<Result>(new Worker(script, { workerData: job })));
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  return [...results].toSorted(([a], [b]) => a - b).map(([, result]) => result);
}

function answerOf<Result>(worker: Worker): Promise<Result> {
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`a worker ended with code ${code}, no answer`)));
  });
}
