/** Why an attach would be rejected, or may not do what is wanted: one list for `attachShareCheck` and `attachShare`. */
import { type ErrorCode, GatewayError } from '../errors.ts';

/** Every problem code, and the error code with which `attachShare` rejects. */
export const PROBLEM_CODES = {
  SERVER_STATE: 'CONFLICT',
  SERVER_NOT_STOPPED: 'CONFLICT',
  SERVER_BUSY: 'CONFLICT',
  SHARE_STATE: 'CONFLICT',
  SHARE_IN_RECYCLE_BIN: 'CONFLICT',
  NO_EXPORT_LOCATION: 'CONFLICT',
  PROTOCOL: 'BAD_USER_INPUT',
  NO_ADDRESS: 'BAD_USER_INPUT',
  NOT_ON_SHARE_NETWORK: 'CONFLICT',
  IPV6_RULE: 'CONFLICT',
  MOUNT_POINT_TAKEN: 'CONFLICT',
  ATTACHED_OTHERWISE: 'CONFLICT',
  LEVEL_CONFLICT: 'CONFLICT',
  RULE_LEAVING: 'CONFLICT',
  READ_ONLY: 'BAD_USER_INPUT',
  TAG: 'BAD_USER_INPUT',
  TAG_TAKEN: 'CONFLICT',
  CLOUD: 'NOT_SUPPORTED',
  FLAVOR_MEMORY: 'NOT_SUPPORTED',
  DELEGATED_TOKEN: 'FORBIDDEN',
  ROLE: 'FORBIDDEN',
  ARGUMENT: 'BAD_USER_INPUT',
  GUEST_NOT_INFORMED: 'CONFLICT',
} as const satisfies Record<string, ErrorCode>;

export type ProblemCode = keyof typeof PROBLEM_CODES;

/** `CERTAIN`: attachShare rejects. `LIKELY`: it is accepted, and may not do what is wanted. */
export type Certainty = 'CERTAIN' | 'LIKELY';

export interface Problem {
  code: ProblemCode;
  certainty: Certainty;
  message: string;
  /** The argument to change; null when none helps. */
  field: string | null;
}

/** Problems that an accepted attachment keeps: they tell why the guest may not be able to mount. */
const WARNINGS = new Set<ProblemCode>(['NOT_ON_SHARE_NETWORK', 'IPV6_RULE']);

/** A problem for which attachShare rejects. */
export function certain(code: ProblemCode, message: string, field: string | null = null): Problem {
  return { code, certainty: 'CERTAIN', message, field };
}

/** A problem that attachShare accepts. */
export function likely(code: ProblemCode, message: string, field: string | null = null): Problem {
  return { code, certainty: 'LIKELY', message, field };
}

/** Whether nothing in the list makes attachShare reject. */
export function isOpen(problems: readonly Problem[]): boolean {
  return problems.every(({ certainty }) => certainty === 'LIKELY');
}

/** The problems, certain ones first, each group in the order of the checks. */
export function byGravity(problems: readonly Problem[]): Problem[] {
  return problems.toSorted((a, b) => Number(a.certainty === 'LIKELY') - Number(b.certainty === 'LIKELY'));
}

/** Throws the first certain problem as a GatewayError with its code. */
export function rejectFirst(problems: readonly Problem[]): void {
  const first = problems.find(({ certainty }) => certainty === 'CERTAIN');
  if (first) throw new GatewayError(PROBLEM_CODES[first.code], first.message);
}

/** What an accepted attachment keeps of the problems. */
export function warningsAmong(problems: readonly Problem[]): Problem[] {
  return problems.filter(({ code, certainty }) => certainty === 'LIKELY' && WARNINGS.has(code));
}
