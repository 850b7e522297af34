import { canonicalTarget } from '../access-targets.ts';
import { type Attachment, holdsTarget } from '../attachment.ts';

/** The target of an access rule on a share. Manila allows one rule per target. */
export interface RuleTarget {
  shareId: string;
  accessType: string;
  /** An address in any spelling: the index compares the canonical one. */
  accessTo: string;
}

/** The name of a target in the index: the same for every spelling of an address. */
export function targetName({ shareId, accessType, accessTo }: RuleTarget): string {
  return `${shareId}:${accessType}:${canonicalTarget(accessType, accessTo)}`;
}

/** The targets of an attachment's record. */
export function targetsOf({ shareId, accessType, targets }: Attachment): RuleTarget[] {
  return targets.map(({ accessTo }) => ({ shareId, accessType, accessTo }));
}

/** The entries of an attachment in the index by target: 0 where it holds the target, 1 where it no longer does. */
export function targetEntries(attachment: Attachment): Record<string, 0 | 1> {
  const entries: Record<string, 0 | 1> = {};
  for (const [i, target] of targetsOf(attachment).entries()) {
    const name = targetName(target);
    entries[name] = entries[name] === 0 || holdsTarget(attachment, attachment.targets[i] ?? {}) ? 0 : 1;
  }
  return entries;
}
