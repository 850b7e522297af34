/** Limits per scope of what requests hold at the same time: of one token, of one project, of one address, and in total. */
import { type Session, tokenHash } from '../openstack/session.ts';

/** What counts towards the limits: `release` takes it off again, once. Or the scope whose limit it would exceed. */
export type Acquired<Scope extends string> = { readonly release: () => void } | { readonly exceeded: Scope };

export interface Quota<Scope extends string> {
  /** Counts `amount` in each scope under its key, or nothing if one scope has no room. */
  acquire(keys: Readonly<Record<Scope, string>>, amount?: number): Acquired<Scope>;
}

/** The scopes of what an authenticated client holds, from the narrowest to the widest. */
export type TenantScope = 'token' | 'project' | 'total';

/** Counters with a limit per scope. A key without use takes no memory. */
export function createQuota<Scope extends string>(limits: Readonly<Record<Scope, number>>): Quota<Scope> {
  const scopes = Object.keys(limits) as Scope[];
  const used = new Map(scopes.map((scope) => [scope, new Map<string, number>()]));
  const usedOf = (scope: Scope, key: string) => used.get(scope)?.get(key) ?? 0;

  function add(keys: Readonly<Record<Scope, string>>, amount: number): void {
    for (const scope of scopes) {
      const sum = usedOf(scope, keys[scope]) + amount;
      if (sum > 0) used.get(scope)?.set(keys[scope], sum);
      else used.get(scope)?.delete(keys[scope]);
    }
  }

  return {
    acquire(keys, amount = 1) {
      const exceeded = scopes.find((scope) => usedOf(scope, keys[scope]) + amount > limits[scope]);
      if (exceeded !== undefined) return { exceeded };
      add(keys, amount);
      let isHeld = true;
      return {
        release: () => {
          if (isHeld) add(keys, -amount);
          isHeld = false;
        },
      };
    },
  };
}

/** The keys of a session in the scopes of a tenant. The token itself is not kept. */
export function tenantKeys({ identity, token }: Pick<Session, 'identity' | 'token'>): Record<TenantScope, string> {
  return { token: tokenHash(token), project: identity.projectId, total: '' };
}
