import type { Row } from '../suite.ts';
import { figure, isForPicture } from '../table.ts';
import { fleetGoals, fleetTables } from './fleet-tables.ts';
import { casesTable, pivotTable, timesOf } from './markdown.ts';
import type { Runs } from './runs.ts';
import { agreementText, machineOf, machineText } from './summary.ts';

/** Writes one block of a document from the runs. */
type Block = (runs: Runs) => string;

const byCase = ({ case: name }: Row): string => name;
/** With the unit, unless the name ends by saying what is counted. */
const withUnit = ({ case: name, unit }: Row): string => {
  const [what = ''] = name.split(': ').slice(-1);
  return what.split(' ').includes(unit) ? name : `${name}, ${unit}`;
};
const at = (row: Row, name: string): string => String(row.at?.[name]);
const endpoints = ({ at: where }: Row): string => `n = ${figure(Number(where?.['n']))}`;
const byWeights = (row: Row): string => `${at(row, 'weights')}, ${endpoints(row)}`;

/** Rows that are figures, and not only points of a picture. */
function rowsOf({ first }: Runs, suite: string, wanted: (row: Row) => boolean): readonly Row[] {
  return first.rows.filter((row) => row.suite === suite && !isForPicture(row) && wanted(row));
}

const inTrouble = (row: Row): boolean => row.at?.['dead'] !== undefined;
const isNiceGrpc = (row: Row): boolean => row.case.startsWith('nice-grpc');

/** The blocks that a document can have, by the name in its marker. */
export const blocks: Readonly<Record<string, Block>> = {
  machine: machineText,
  agreement: agreementText,

  'pick cost': (runs) =>
    casesTable(
      runs,
      rowsOf(runs, 'pick', ({ unit }) => unit === 'ns/pick').map(withoutGoal),
      byWeights,
      'ratios',
    ),
  'pick dispatch': (runs) =>
    pivotTable(
      rowsOf(runs, 'pick', (row) => at(row, 'part') === 'dispatch'),
      (row, who) => `${at(row, 'weights')}: ${who === 'ours' ? 'adaptive' : 'static'}`,
      endpoints,
    ),
  'pick updates': (runs) =>
    pivotTable(
      rowsOf(runs, 'pick', (row) => row.at?.['operation'] !== undefined),
      (row) => `${at(row, 'weights')}: ${at(row, 'operation')}`,
      endpoints,
    ),
  'pick memory': (runs) =>
    pivotTable(
      rowsOf(runs, 'pick', ({ unit }) => ['bytes/endpoint', 'ms', 'bytes/pick'].includes(unit)),
      (row, who) => `${row.case.split(', ')[0]}, ${at(row, 'weights')}, ${unitOf(row, who)}`,
      endpoints,
    ),
  'pick smoothness': (runs) =>
    casesTable(
      runs,
      rowsOf(runs, 'pick', ({ at: where, rounds }) => where === undefined && rounds === 1),
      withUnit,
      'figures',
    ),
  'pick fleet': (runs) =>
    casesTable(
      runs,
      rowsOf(runs, 'pick', (row) => row.at?.['set'] !== undefined),
      byCase,
      'figures',
    ),

  breaker: (runs) =>
    casesTable(
      runs,
      rowsOf(runs, 'breaker', () => true),
      withUnit,
      'both',
    ),
  'rpc grpc-js': (runs) =>
    casesTable(
      runs,
      rowsOf(runs, 'rpc', (row) => !isNiceGrpc(row)),
      withUnit,
      'both',
    ),
  'rpc nice-grpc': (runs) => casesTable(runs, rowsOf(runs, 'rpc', isNiceGrpc), withUnit, 'both'),
  proxy: (runs) =>
    casesTable(
      runs,
      rowsOf(runs, 'proxy', () => true),
      withUnit,
      'both',
    ),
  etcd: (runs) =>
    casesTable(
      runs,
      rowsOf(runs, 'etcd', () => true),
      withUnit,
      'both',
    ),
  'protection stacks': (runs) =>
    pivotTable(
      rowsOf(runs, 'protection', (row) => inTrouble(row) && at(row, 'rate') === '200'),
      (_, who) => who,
      (row) => withUnit(row).replace(' at 200 calls/s', ''),
    ),
  'protection rates': (runs) =>
    casesTable(
      runs,
      rowsOf(runs, 'protection', (row) => inTrouble(row) && at(row, 'rate') !== '200'),
      withUnit,
      'figures',
    ),
  'protection throttles': (runs) =>
    casesTable(
      runs,
      rowsOf(runs, 'protection', (row) => !inTrouble(row)),
      withUnit,
      'figures',
    ),
  fleets: ({ first }) => fleetTables(first),
  'large fleets': ({ large }) =>
    `${machineOf(large, 'bench fleet --group large')}\n\n${fleetTables(large)}`,
  'fleet goals': fleetGoals,
  missed: missedGoals,
};

/** Goals that the first run missed, all suites. */
function missedGoals(runs: Runs): string {
  return runs.first.rows
    .filter(({ goal }) => goal?.met === false)
    .map((row) => {
      const named = Object.keys(row.ratio).filter((peer) => row.goal?.text.includes(peer));
      const times = named
        .map((peer) => `; ${timesOf(runs, row, peer)?.replace('; ', ' and ')} times ${peer}`)
        .join('');
      const name = row.case.startsWith(row.suite) ? row.case : `${row.suite}: ${row.case}`;
      return `- ${name}: ${figure(row.ours)} ${row.unit}${times} (goal: ${row.goal?.text})`;
    })
    .join('\n');
}

/** Goals of these are in the list of those that were missed. */
function withoutGoal(row: Row): Row {
  const { goal: _goal, ...rest } = row;
  return rest;
}

function unitOf({ unit }: Row, contender: string): string {
  return contender === 'ours' ? unit : `${unit} (${contender})`;
}
