import type {
  AccessRule,
  Cloud,
  ResourceLock,
  RuleChange,
  RuleState,
  Server,
  ServiceName,
  Share,
  ShareMapping,
  Snapshot,
} from './cloud.ts';
import type { ActiveFault, Fault, FaultHandle } from './faults.ts';
import { issueToken, TOKEN_TTL_MS } from './keystone/tokens.ts';
import { locksOf } from './manila/locks.ts';
import { addRule, dropRule, type NewRule, rulesOf, setRuleState } from './manila/rules.ts';
import { addShare, dropShare, type NewShare } from './manila/shares.ts';
import { deleteServer } from './nova/lifecycle.ts';
import { addServer, type NewPort, type NewServer, requireServer, setServerAddresses, touch } from './nova/servers.ts';
import { mappingsOf } from './nova/share-mappings.ts';
import type { RecordedRequest, Recorder } from './requests.ts';
import { notify, step, waitUntil } from './work.ts';

/** An access rule as test controls show it. */
type RuleCopy = Readonly<AccessRule & { isDeletionLocked: boolean; isVisibilityLocked: boolean }>;

/** A cloud on loopback, and its test controls: they take effect at once, without a request to a service. */
export interface Sandbox {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  /** The value for OS_AUTH_URL. */
  readonly authUrl: string;
  /** Issues a token without HTTP, by default for the user's own project. A negative `expiresInMs` makes an expired one. */
  issueToken(
    userName: string,
    options?: { projectName?: string; expiresInMs?: number; method?: 'password' | 'application_credential' },
  ): string;
  revokeToken(token: string): void;
  /** The latest 10,000 requests in order of arrival. */
  readonly requests: readonly RecordedRequest[];
  clearRequests(): void;
  /** Resolves with the first matching request, recorded or to come, when it arrives and before it is handled. */
  waitForRequest(fits: (request: RecordedRequest) => boolean): Promise<RecordedRequest>;
  readonly faults: { add(fault: Fault): FaultHandle; clear(): void };
  /** The service breaks every connection from now on. */
  down(service: ServiceName): void;
  up(service: ServiceName): void;
  addServer(server?: NewServer): Readonly<Server>;
  /** Deletes a server: its GET is a 404, changes-since shows it as DELETED. */
  deleteServer(id: string): void;
  setServerAddresses(id: string, ports: readonly NewPort[]): void;
  updateServer(id: string, change: Partial<Server>): void;
  /** Copies of the shares that Nova attached to a server. */
  mappingsOf(serverId: string): Readonly<ShareMapping>[];
  /** Takes a compute host down: what it has to do waits until `hostUp`. */
  hostDown(host: string): void;
  hostUp(host: string): void;
  /** Whether administrators of other projects read a server's shares, as since 2026.1; by default not. */
  letAdminsReadServerShares(isAllowed: boolean): void;
  addShare(share?: NewShare): Readonly<Share>;
  /** Deletes a share and its rules. */
  deleteShare(id: string): void;
  updateShare(id: string, change: Partial<Share>): void;
  /** Sets each project's quota of shares and of their size in GiB; -1: without limit. */
  setShareQuota(quota: { shares?: number; gigabytes?: number }): void;
  /** Whether there is a default share type; by default yes. */
  setDefaultShareType(isThere: boolean): void;
  /** Copies of the snapshots of a share. */
  snapshotsOf(shareId: string): Readonly<Snapshot>[];
  /** All shares of the cloud that have a name. */
  sharesNamed(name: string): Readonly<Share>[];
  /** Copies of a share's rules, oldest first, with whether they are locked. */
  rulesOf(shareId: string): RuleCopy[];
  addRule(shareId: string, rule: NewRule): RuleCopy;
  removeRule(id: string): void;
  /** Lets the next `count` requests for a lock fail: 400, and the access rule exists. */
  failLocks(count: number): void;
  /** Copies of the locks of a share or an access rule. */
  locksOf(resourceId: string): Readonly<ResourceLock>[];
  setRuleState(id: string, state: RuleState): void;
  /** Calls the listener for every change of a rule; returns a function that removes it. */
  onRuleChange(listener: (change: RuleChange) => void): () => void;
  /** The live object of a server or share; undefined if it does not exist. */
  server(id: string): Readonly<Server> | undefined;
  share(id: string): Readonly<Share> | undefined;
  /** Resolves when the condition holds; evaluated after each step of the cloud's work and each response. */
  waitUntil(condition: () => boolean): Promise<void>;
  /** Resolves with the share's rules when they are as expected; evaluated after each change. */
  waitForRules(shareId: string, isExpected: (rules: readonly RuleCopy[]) => boolean): Promise<RuleCopy[]>;
  /** Changes `accessDelayMs` for steps that start afterwards. */
  setAccessDelay(ms: number): void;
  /** Completes the current step of all work at once: with a long delay, a test controls the steps itself. */
  step(): void;
  /** Stops at once, and drops open connections and hanging requests. */
  close(): Promise<void>;
}

/** Controls for tokens. */
export function identityControls(cloud: Cloud): Pick<Sandbox, 'issueToken' | 'revokeToken'> {
  return {
    issueToken: (userName, { projectName, expiresInMs = TOKEN_TTL_MS, method = 'password' } = {}) => {
      const user = cloud.users.find((each) => each.name === userName);
      const grant = user?.grants.find(({ project }) => projectName === undefined || project.name === projectName);
      const details = { methods: [method], auditIds: [], expiresAt: Date.now() + expiresInMs };
      const token = user && grant && issueToken(cloud, user, grant.project, details);
      if (!token) throw new Error(`No user ${userName} with a role in ${projectName ?? 'a project'} in the sandbox`);
      return token.id;
    },
    revokeToken: (id) => {
      const token = cloud.tokens.get(id);
      if (token) token.isRevoked = true;
    },
  };
}

/** Controls for requests and faults. */
export function requestControls(
  recorder: Recorder,
): Pick<Sandbox, 'requests' | 'clearRequests' | 'waitForRequest' | 'faults' | 'down' | 'up'> {
  return {
    requests: recorder.requests,
    clearRequests: () => {
      recorder.requests.length = 0;
    },
    waitForRequest: (fits) => {
      const found = recorder.requests.find(fits);
      if (found) return Promise.resolve(found);
      return new Promise((resolve) => recorder.waiting.add({ fits, resolve }));
    },
    faults: {
      add: (fault) => {
        const active: ActiveFault = { fault, hits: 0 };
        recorder.faults.add(active);
        return {
          get hits() {
            return active.hits;
          },
          remove: () => recorder.faults.delete(active),
        };
      },
      clear: () => recorder.faults.clear(),
    },
    down: (service) => recorder.down.add(service),
    up: (service) => recorder.down.delete(service),
  };
}

/** Controls for servers. */
export function serverControls(
  cloud: Cloud,
): Pick<
  Sandbox,
  | 'server'
  | 'addServer'
  | 'deleteServer'
  | 'setServerAddresses'
  | 'updateServer'
  | 'mappingsOf'
  | 'hostDown'
  | 'hostUp'
  | 'letAdminsReadServerShares'
> {
  return {
    server: (id) => cloud.servers.get(id),
    addServer: (server = {}) => addServer(cloud, server),
    deleteServer: (id) => {
      deleteServer(cloud, id);
      notify(cloud);
    },
    mappingsOf: (serverId) => mappingsOf(cloud, serverId).map((mapping) => ({ ...mapping })),
    hostDown: (host) => {
      if (!cloud.downHosts.has(host)) cloud.downHosts.set(host, []);
    },
    hostUp: (host) => {
      const waiting = cloud.downHosts.get(host) ?? [];
      cloud.downHosts.delete(host);
      for (const work of waiting) work();
      notify(cloud);
    },
    letAdminsReadServerShares: (isAllowed) => {
      cloud.adminsReadServerShares = isAllowed;
    },
    setServerAddresses: (id, ports) => setServerAddresses(cloud, id, ports),
    updateServer: (id, change) => {
      touch(requireServer(cloud, id), change);
      notify(cloud);
    },
  };
}

/** Controls for shares. */
export function shareControls(
  cloud: Cloud,
): Pick<
  Sandbox,
  | 'share'
  | 'addShare'
  | 'deleteShare'
  | 'updateShare'
  | 'setShareQuota'
  | 'setDefaultShareType'
  | 'snapshotsOf'
  | 'sharesNamed'
> {
  return {
    setShareQuota: (quota) => {
      cloud.shareQuota = { ...cloud.shareQuota, ...quota };
    },
    setDefaultShareType: (isThere) => {
      cloud.hasDefaultShareType = isThere;
    },
    snapshotsOf: (shareId) =>
      [...cloud.snapshots.values()].filter((one) => one.shareId === shareId).map((one) => ({ ...one })),
    sharesNamed: (name) => [...cloud.shares.values()].filter((one) => one.name === name),
    share: (id) => cloud.shares.get(id),
    addShare: (share = {}) => addShare(cloud, share),
    deleteShare: (id) => {
      dropShare(cloud, shareOf(cloud, id));
      notify(cloud);
    },
    updateShare: (id, change) => {
      Object.assign(shareOf(cloud, id), change, { updatedAt: Date.now() });
      notify(cloud);
    },
  };
}

/** Controls for access rules. */
export function ruleControls(
  cloud: Cloud,
): Pick<
  Sandbox,
  'rulesOf' | 'addRule' | 'removeRule' | 'failLocks' | 'locksOf' | 'setRuleState' | 'onRuleChange' | 'waitForRules'
> {
  const isLocked = (rule: AccessRule, lock: 'delete' | 'show') => locksOf(cloud, rule.id, lock).length > 0;
  const copyOf = (rule: AccessRule): RuleCopy => ({
    ...rule,
    isDeletionLocked: isLocked(rule, 'delete'),
    isVisibilityLocked: isLocked(rule, 'show'),
  });
  const copies = (shareId: string): RuleCopy[] => rulesOf(cloud, shareId).map(copyOf);
  const ruleOf = (id: string) => {
    const rule = cloud.rules.get(id);
    if (!rule) throw new Error(`No access rule ${id} in the sandbox`);
    return rule;
  };
  return {
    rulesOf: copies,
    addRule: (shareId, rule) => copyOf(addRule(cloud, shareOf(cloud, shareId), rule)),
    removeRule: (id) => dropRule(cloud, ruleOf(id)),
    failLocks: (count) => {
      cloud.failingLocks = count;
    },
    locksOf: (id) => [...cloud.locks.values()].filter((lock) => lock.resourceId === id).map((lock) => ({ ...lock })),
    setRuleState: (id, state) => setRuleState(cloud, ruleOf(id), state),
    onRuleChange: (listener) => {
      cloud.ruleListeners.add(listener);
      return () => cloud.ruleListeners.delete(listener);
    },
    waitForRules: async (shareId, isExpected) => {
      await waitUntil(cloud, () => isExpected(copies(shareId)));
      return copies(shareId);
    },
  };
}

/** Controls for the progress of asynchronous work. */
export function workControls(cloud: Cloud): Pick<Sandbox, 'setAccessDelay' | 'step' | 'waitUntil'> {
  return {
    setAccessDelay: (ms) => {
      cloud.stepMs = ms;
    },
    step: () => step(cloud),
    waitUntil: (condition) => waitUntil(cloud, condition),
  };
}

function shareOf(cloud: Cloud, id: string): Share {
  const share = cloud.shares.get(id);
  if (!share) throw new Error(`No share ${id} in the sandbox`);
  return share;
}
