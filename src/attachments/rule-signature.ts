/**
 * Signatures of rule metadata. Everyone who may change a share's access rules may write their metadata, so what is read
 * back from Manila is trusted only as far as the gateway's own signature, or the share's project, reaches.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { AccessRule } from '../openstack/manila/types.ts';
import { canonicalTarget } from './access-targets.ts';

/** The pairs that a signature covers, in this order. */
const SIGNED_PAIRS = [
  'managed_by',
  'attachment_id',
  'attachment_ref',
  'server_id',
  'mount_point',
  'access_to_given',
  'user_id',
  'store_id',
] as const;

/** What a signature covers besides the metadata: the rule cannot be another one than the gateway made. */
export type SignedRule = Pick<AccessRule, 'access_type' | 'access_to'> & { share_id: string };

/** `unknown`: there is none, or it was made with a key that this store does not have. */
export type SignatureCheck = 'valid' | 'invalid' | 'unknown';

/** The signature of a rule's metadata: `v1:<key id>:<HMAC-SHA256>`. */
export function signRule(key: string, rule: SignedRule, metadata: Readonly<Record<string, string>>): string {
  return `v1:${keyId(key)}:${hmac(key, payload(rule, metadata))}`;
}

/** Checks the signature in a rule's metadata. `invalid`: made with this key, for another rule or other metadata. */
export function checkSignature(key: string, shareId: string, rule: AccessRule): SignatureCheck {
  const [version, id, signature] = (rule.metadata?.signature ?? '').split(':');
  if (version !== 'v1' || id !== keyId(key)) return 'unknown';
  const expected = hmac(key, payload({ ...rule, share_id: shareId }, rule.metadata ?? {}));
  return isSame(signature ?? '', expected) ? 'valid' : 'invalid';
}

/** A name of an attachment that tells nothing to those without the key: for rules that another project reads. */
export function attachmentRef(key: string, attachmentId: string): string {
  return hmac(key, JSON.stringify(['ref', attachmentId]));
}

function payload(rule: SignedRule, metadata: Readonly<Record<string, string>>): string {
  const target = canonicalTarget(rule.access_type, rule.access_to);
  return JSON.stringify(['v1', rule.share_id, rule.access_type, target, ...SIGNED_PAIRS.map((name) => metadata[name])]);
}

/** Tells keys apart without telling them. */
function keyId(key: string): string {
  return createHash('sha256').update(`key id ${key}`).digest('hex').slice(0, 16);
}

function hmac(key: string, text: string): string {
  return createHmac('sha256', key).update(text).digest('base64url');
}

function isSame(one: string, other: string): boolean {
  return one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));
}
