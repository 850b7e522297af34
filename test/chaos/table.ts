import type { Totals } from './run.ts';

/** What must be 0, by table row. */
export function failuresOf(totals: Totals): [row: string, found: readonly string[]][] {
  return [
    ['rules without a record', totals.rulesWithoutRecord],
    ['records without a rule', totals.recordsWithoutRule],
    ['events lost or duplicated', totals.badEvents],
    ['unsettled attachments', totals.unsettled],
  ];
}

/** The run as a Markdown table. */
export function tableOf(totals: Totals): string {
  const rows: [string, string][] = [
    ['operations', `${totals.ops} (${inWords(totals.responses)})`],
    ['failed calls to OpenStack', inWords(totals.faults)],
    ['incidents', inWords(totals.incidents)],
    ['events', String(totals.events)],
    ['attachments at the end', inWords(totals.statuses)],
    ...failuresOf(totals).map(([row, found]): [string, string] => [`**${row}**`, `**${found.length}**`]),
  ];
  const lines = rows.map(([row, text]) => `| ${row} | ${text} |`);
  return [`| seed ${totals.seed}, ${totals.seconds} s | |`, '|---|---|', ...lines].join('\n');
}

function inWords(counts: Record<string, number>): string {
  const sorted = Object.entries(counts)
    .filter(([, count]) => count > 0)
    .sort(([, one], [, other]) => other - one);
  return sorted.map(([what, count]) => `${count} ${what}`).join(', ') || 'none';
}
