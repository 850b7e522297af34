/** attachShareCheck: which ways to attach are open, and what stands against the others. Changes nothing. */
import type { Session } from '../openstack/session.ts';
import type { AttachVia } from './attachment.ts';
import type { EnsureRecovered } from './command.ts';
import { mountCommands } from './mount-commands.ts';
import { type ObservedState, type Recorded, readObservedState, readRecorded } from './observed-state.ts';
import { accessRuleProblems, checkMountPoint, desiredTargets } from './preconditions.ts';
import { byGravity, isOpen, type Problem } from './problems.ts';
import type { AttachRequest } from './service.ts';
import type { AttachmentStore } from './store/contract.ts';
import { virtiofsProblems } from './virtiofs/check.ts';

/** One way to attach. */
export interface AttachOption {
  via: AttachVia;
  isOpen: boolean;
  /** Certain ones first. */
  problems: Problem[];
  /** Whom access would be granted by access rules; Nova's virtiofs names no client. */
  accessTo: string[];
  mountCommands: string[];
}

/**
 * Checks both ways with the caller's token and the arguments of an attach; each way takes only the arguments that are for
 * it.
 * @throws NOT_FOUND, BAD_USER_INPUT for malformed arguments, OpenStackError, STATE_UNAVAILABLE
 */
export async function check(
  store: AttachmentStore,
  ensureRecovered: EnsureRecovered,
  session: Session,
  given: AttachRequest,
): Promise<AttachOption[]> {
  const request = withCanonicalMountPoint(given);
  const observed = await readObservedState(session, request, { accessRule: true, virtiofs: true, exports: true });
  if (observed.server.tenant_id !== session.identity.projectId)
    await ensureRecovered(session, observed.server.tenant_id);
  const recorded = await readRecorded(store, observed);
  return [accessRuleOption(observed, recorded, request), virtiofsOption(observed, recorded, request)];
}

/** The request with its mount point in canonical form. Throws BAD_USER_INPUT. */
export function withCanonicalMountPoint(request: AttachRequest): AttachRequest {
  return request.mountPoint === null ? request : { ...request, mountPoint: checkMountPoint(request.mountPoint) };
}

function accessRuleOption(observed: ObservedState, recorded: Recorded, given: AttachRequest): AttachOption {
  const request: AttachRequest = { ...given, via: 'access_rule', tag: null };
  const problems = byGravity(accessRuleProblems(observed, recorded, request));
  const accessTo = desiredTargets(observed);
  const targets = accessTo.map((to) => ({ accessTo: to, ruleId: null, isOwned: false, state: null }));
  return { ...option('access_rule', problems), accessTo, mountCommands: commands(observed, { ...request, targets }) };
}

function virtiofsOption(observed: ObservedState, recorded: Recorded, given: AttachRequest): AttachOption {
  const request: AttachRequest = { ...given, via: 'virtiofs', accessTo: null, isProtected: false, isHidden: false };
  const problems = byGravity(virtiofsProblems({ ...observed, requestedAccessTo: null }, recorded, request));
  const virtiofs = { tag: request.tag ?? observed.share.id };
  return {
    ...option('virtiofs', problems),
    accessTo: [],
    mountCommands: commands(observed, { ...request, targets: [], virtiofs }),
  };
}

function option(via: AttachVia, problems: Problem[]) {
  return { via, isOpen: isOpen(problems), problems };
}

function commands({ share, locations }: ObservedState, mounted: Parameters<typeof mountCommands>[0]): string[] {
  return mountCommands(mounted, share, locations ?? []);
}
