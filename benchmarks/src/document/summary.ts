import { agreement } from '../agreement.ts';
import { figure, isForPicture } from '../table.ts';
import type { Run, Runs } from './runs.ts';

/** Where, when and with what the runs were made, and how long they took. */
export function machineText({ first, second }: Runs): string {
  const versions = Object.entries(first.machine.packages)
    .filter(([name]) => !name.startsWith('@wrr/'))
    .map(([name, version]) => `${name} ${version}`);
  const minutes = [first, second].map(({ seconds }) => {
    const sum = Object.values(seconds).reduce((a, b) => a + b, 0);
    return `${figure(sum / 60)} min`;
  });
  const loads = [first, second].map(({ machine }) => machine.load);
  const suites = Object.entries(first.seconds).map(([name, s]) => `${name} ${Math.round(s)} s`);
  return [
    `${machineOf(first, 'bench all')} With ${versions.join(', ')}.`,
    `Two runs, one after the other, load ${loads.join(' and ')} at their start: ${minutes.join(' and ')} (${suites.join(', ')}).`,
  ].join('\n');
}

/** How, when and where one run was made. */
export function machineOf({ machine }: Run, command: string): string {
  const { date, commit, cpu, cores, node, v8 } = machine;
  const version = v8.split('.').slice(0, 2).join('.');
  return `\`${command}\`, commit ${commit}, ${date.slice(0, 10)}, ${cores} × ${cpu}, Node ${node.slice(1)}, V8 ${version}.`;
}

/** How well the two runs agree, suite by suite. */
export function agreementText({ first, second }: Runs): string {
  const all = agreement(first.rows, second.rows).filter(({ row }) => !isForPicture(row));
  const suites = Object.keys(first.seconds).filter((name) =>
    all.some(({ row }) => row.suite === name),
  );
  const lines = suites.map((suite) => {
    const own = all.filter(({ row }) => row.suite === suite);
    const within = (share: number) => own.filter(({ change }) => change <= share).length;
    return `| ${suite} | ${own.length} | ${within(0.05)} | ${within(0.1)} |`;
  });
  const within = all.filter(({ change }) => change <= 0.1).length;
  return [
    `${within} of ${all.length} ratios agree within 10 %; where ratios are quoted below, the others are with both figures.`,
    '',
    '| suite | ratios | within 5 % | within 10 % |',
    '|---|---:|---:|---:|',
    ...lines,
  ].join('\n');
}
