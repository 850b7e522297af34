/** A sweep's report as an operator reads it in a terminal. Imports no package. */
import type { SweepFinding, SweepReport } from './report.ts';

const COLUMNS: readonly (readonly [title: string, text: (finding: SweepFinding) => string | null])[] = [
  ['OUTCOME', ({ outcome }) => outcome],
  ['WHAT', ({ kind }) => kind],
  ['PROJECT', ({ projectId }) => projectId],
  ['SERVER', ({ serverId }) => serverId],
  ['SHARE', ({ shareId }) => shareId],
  ['RULE', ({ ruleId }) => ruleId],
  ['ACCESS TO', ({ accessTo }) => accessTo],
  ['WHY', ({ message }) => message],
];

/** The findings as a table, what could not be looked at, and one line with what was. */
export function reportTable(report: SweepReport): string {
  const { findings, unfinished, servers, shares, ruleLists, attachments } = report;
  const count = (outcome: string) => findings.filter((finding) => finding.outcome === outcome).length;
  const seen = `${attachments} attachments, ${servers} servers, ${shares} shares, the rules of ${ruleLists} of them`;
  const found = `${count('done')} done, ${count('planned')} planned, ${count('left')} left to you`;
  return [
    ...(findings.length > 0 ? [...table(findings), ''] : []),
    ...unfinished.map((note) => `Not looked at: ${note}`),
    `${report.isDryRun ? 'Dry run, nothing was changed. ' : ''}Looked at ${seen}. Found ${findings.length}: ${found}.`,
  ].join('\n');
}

function table(findings: readonly SweepFinding[]): string[] {
  const rows = [
    COLUMNS.map(([title]) => title),
    ...findings.map((finding) => COLUMNS.map(([, text]) => text(finding) ?? '-')),
  ];
  const widths = COLUMNS.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
