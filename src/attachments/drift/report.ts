/** What a sweep found and did, as an operator reads it. Imports no package. */

export type SweepKind =
  /** Nova answers 404 for the server: its attachments are detached, and one whose revocation failed is tried again. */
  | 'SERVER_DELETED'
  /** Manila answers 404 for the share: its attachments are removed. */
  | 'SHARE_DELETED'
  /** An attachment's access rule is not there any more: it becomes ERROR_ATTACHING. */
  | 'RULE_MISSING'
  /** An attachment's access rule is in error: it becomes ERROR_ATTACHING. */
  | 'RULE_ERROR'
  /** The server has other addresses than the rules: the attachment is marked stale. */
  | 'ADDRESSES_CHANGED'
  /** The server has the rules' addresses again: the mark is taken away. */
  | 'ADDRESSES_BACK'
  /** A rule of ours without an attachment, for a server that is gone or never was: revoked. */
  | 'RULE_OF_DELETED_SERVER'
  /** A rule of ours that no attachment needs, for a server that is there: revoked where it is certain that it is this gateway's, else somebody must decide. */
  | 'RULE_WITHOUT_ATTACHMENT'
  /** A rule lets in an address that another server has now. */
  | 'ADDRESS_OF_ANOTHER_SERVER';

/** `done`, `planned` (a dry run), or `left` for a person. */
export type SweepOutcome = 'done' | 'planned' | 'left';

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
  /** When the pass began, ISO 8601. */
  at: string;
  isDryRun: boolean;
  /** Whether every server was listed, not only those changed since the pass before. */
  isFull: boolean;
  /** What was looked at. */
  servers: number;
  shares: number;
  attachments: number;
  ruleLists: number;
  findings: SweepFinding[];
  /** What could not be looked at, and why: the next pass goes on there. */
  unfinished: string[];
}

/** A report of a pass that has seen nothing yet. */
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
