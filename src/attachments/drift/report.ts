/** The report of a sweep: what it found and did, and as a table for a terminal. Imports no package. */

export type SweepKind =
  /** Nova answers 404 for the server: its attachments are detached, a failed revocation is tried again. */
  | 'SERVER_DELETED'
  /** Manila answers 404 for the share: its attachments are removed. */
  | 'SHARE_DELETED'
  /** An attachment's access rule is gone: it becomes ERROR_ATTACHING. */
  | 'RULE_MISSING'
  /** An attachment's access rule is in error: it becomes ERROR_ATTACHING. */
  | 'RULE_ERROR'
  /** The server has other addresses than the rules: the attachment is marked stale. */
  | 'ADDRESSES_CHANGED'
  /** The server has the rules' addresses again: the mark is cleared. */
  | 'ADDRESSES_BACK'
  /** A rule made by a gateway, without an attachment, whose server does not exist: revoked. */
  | 'RULE_OF_DELETED_SERVER'
  /**
   * A rule made by a gateway that no attachment needs, of an existing server: revoked where this store certainly made
   * it, else manual.
   */
  | 'RULE_WITHOUT_ATTACHMENT'
  /** Nova's own access rule is there though its server was deleted minutes ago: an operator has to look. */
  | 'NOVA_RULE_LEFT'
  /** Nova no longer has an attachment by virtiofs: it ends. Only where Nova shows the service account its share attachments. */
  | 'DETACHED_IN_NOVA'
  /** Nova shows an attachment by virtiofs in another state than the record, for example in error: it is observed again. */
  | 'CHANGED_IN_NOVA'
  /** A rule grants access to an address that another server has now. */
  | 'ADDRESS_OF_ANOTHER_SERVER';

/** Every kind of finding. */
export const SWEEP_KINDS: readonly SweepKind[] = [
  'SERVER_DELETED',
  'SHARE_DELETED',
  'RULE_MISSING',
  'RULE_ERROR',
  'ADDRESSES_CHANGED',
  'ADDRESSES_BACK',
  'RULE_OF_DELETED_SERVER',
  'RULE_WITHOUT_ATTACHMENT',
  'NOVA_RULE_LEFT',
  'DETACHED_IN_NOVA',
  'CHANGED_IN_NOVA',
  'ADDRESS_OF_ANOTHER_SERVER',
];

/** `done`, `planned` (in a dry run), or `manual`: an operator has to decide. */
export type SweepOutcome = 'done' | 'planned' | 'manual';

export interface SweepFinding {
  kind: SweepKind;
  outcome: SweepOutcome;
  projectId: string | null;
  serverId: string | null;
  shareId: string;
  ruleId: string | null;
  accessTo: string | null;
  message: string;
}

export interface SweepReport {
  /** When the scan began, ISO 8601. */
  at: string;
  isDryRun: boolean;
  /** Whether every server was listed, not only those changed since the last scan. */
  isFull: boolean;
  /** Numbers of things compared. */
  servers: number;
  shares: number;
  attachments: number;
  ruleLists: number;
  findings: SweepFinding[];
  /** What was not compared, and why: the next scan continues there. */
  unfinished: string[];
}

/** An empty report. */
export function newReport(isDryRun: boolean, isFull: boolean): SweepReport {
  return {
    at: new Date().toISOString(),
    isDryRun,
    isFull,
    servers: 0,
    shares: 0,
    attachments: 0,
    ruleLists: 0,
    findings: [],
    unfinished: [],
  };
}

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

/** The findings as a table, what was not compared, and a summary line. */
export function reportTable(report: SweepReport): string {
  const { findings, unfinished, servers, shares, ruleLists, attachments } = report;
  const count = (outcome: string) => findings.filter((finding) => finding.outcome === outcome).length;
  const compared = `${attachments} attachments, ${servers} servers, ${shares} shares, the rules of ${ruleLists} of them`;
  const found = `${count('done')} done, ${count('planned')} planned, ${count('manual')} manual`;
  return [
    ...(findings.length > 0 ? [...table(findings), ''] : []),
    ...unfinished.map((note) => `Not compared: ${note}`),
    `${report.isDryRun ? 'Dry run, nothing was changed. ' : ''}Compared ${compared}. Found ${findings.length}: ${found}.`,
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
