import { canonicalTarget } from '../access-targets.ts';
import { type AccessType, type Attachment, holdsTarget } from '../attachment.ts';

/** The target of an access rule on a share. Manila allows one rule per target. */
export interface RuleTarget {
  shareId: string;
  accessType: AccessType;
  /** An address in any spelling: the index compares the canonical one. */
  accessTo: string;
}

/** The name of a target in the index: the same for every spelling of an address. */
export function targetName({ shareId, accessType, accessTo }: RuleTarget): string {
  return `${shareId}:${accessType}:${canonicalTarget(accessType, accessTo)}`;
}

/** The entries of an attachment in the index by target: 0 where it holds the target, 1 where it no longer does. */
export function targetEntries(attachment: Attachment): Record<string, 0 | 1> {
  const { shareId, accessType, targets } = attachment;
  const entries: Record<string, 0 | 1> = {};
  for (const target of targets) {
    const name = targetName({ shareId, accessType, accessTo: target.accessTo });
    entries[name] = entries[name] === 0 || holdsTarget(attachment, target) ? 0 : 1;
  }
  return entries;
}
