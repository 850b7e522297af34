import type { AccessRule, Cloud, RuleChange, RuleState, Server, ServiceName, Share } from './cloud.ts';
import type { ActiveFault, Fault, FaultHandle } from './faults.ts';
import { issueToken, TOKEN_LIFE_MS } from './keystone/tokens.ts';
import { addRule, dropRule, type NewRule, rulesOf, setRuleState } from './manila/rules.ts';
import { addShare, dropShare, type NewShare } from './manila/shares.ts';
import {
  addServer,
  deleteServer,
  type NewPort,
  type NewServer,
  present,
  setServerAddresses,
  touch,
} from './nova/servers.ts';
import type { RecordedRequest, Recorder } from './requests.ts';
import { notify, step, waitUntil } from './work.ts';

/** A cloud on loopback, and a test's hands in it: what the methods do happens at once, without asking any service. */
export interface Sandbox {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  /** What OS_AUTH_URL would say. */
  readonly authUrl: string;
  /** A token without asking over HTTP. The project is the user's own by default. A negative life makes an expired one. */
  issueToken(userName: string, options?: { projectName?: string; expiresInMs?: number }): string;
  revokeToken(token: string): void;
  /** The latest 10,000 requests, oldest first, in the order in which they came. */
  readonly requests: readonly RecordedRequest[];
  clearRequests(): void;
  /** The first request, of those recorded or to come, that fits; as soon as it arrives, before it is answered. */
  waitForRequest(fits: (request: RecordedRequest) => boolean): Promise<RecordedRequest>;
  readonly faults: { add(fault: Fault): FaultHandle; clear(): void };
  /** From now on the service breaks every connection. */
  down(service: ServiceName): void;
  up(service: ServiceName): void;
  addServer(server?: NewServer): Readonly<Server>;
  /** The server is gone: its GET is a 404, changes-since shows it as DELETED. */
  deleteServer(id: string): void;
  setServerAddresses(id: string, ports: readonly NewPort[]): void;
  updateServer(id: string, change: Partial<Server>): void;
  addShare(share?: NewShare): Readonly<Share>;
  /** The share and its rules are gone. */
  deleteShare(id: string): void;
  updateShare(id: string, change: Partial<Share>): void;
  /** Copies of a share's rules, oldest first. */
  rulesOf(shareId: string): Readonly<AccessRule>[];
  addRule(shareId: string, rule: NewRule): Readonly<AccessRule>;
  removeRule(id: string): void;
  setRuleState(id: string, state: RuleState): void;
  /** Hears of every change of a rule; returns what stops it. */
  onRuleChange(listener: (change: RuleChange) => void): () => void;
  /** A server or share as it is now; undefined when there is none. Live: it changes under the reader. */
  server(id: string): Readonly<Server> | undefined;
  share(id: string): Readonly<Share> | undefined;
  /** When something is so, now or later; tried again after each step of the cloud's work and each answer. */
  waitUntil(isSo: () => boolean): Promise<void>;
  /** When the share's rules are as wanted, now or later; tried again after each change. Answers them. */
  waitForRules(
    shareId: string,
    areWanted: (rules: readonly Readonly<AccessRule>[]) => boolean,
  ): Promise<Readonly<AccessRule>[]>;
  /** Changes `accessDelayMs` for steps that begin after it. */
  setAccessDelay(ms: number): void;
  /** Does at once one step of all the work in progress: with a long delay, a test takes its steps itself. */
  step(): void;
  /** Stops at once: open connections and hanging requests are dropped. */
  close(): Promise<void>;
}

/** Tokens by hand. */
export function identityHands(cloud: Cloud): Pick<Sandbox, 'issueToken' | 'revokeToken'> {
  return {
    issueToken: (userName, { projectName, expiresInMs = TOKEN_LIFE_MS } = {}) => {
      const user = cloud.users.find((each) => each.name === userName);
      const grant = user?.grants.find(({ project }) => projectName === undefined || project.name === projectName);
      const details = { methods: ['password'], auditIds: [], expiresAt: Date.now() + expiresInMs };
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

/** Requests seen, and what befalls them. */
export function requestHands(
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

/** Servers by hand. */
export function serverHands(
  cloud: Cloud,
): Pick<Sandbox, 'server' | 'addServer' | 'deleteServer' | 'setServerAddresses' | 'updateServer'> {
  return {
    server: (id) => cloud.servers.get(id),
    addServer: (server = {}) => addServer(cloud, server),
    deleteServer: (id) => {
      deleteServer(cloud, id);
      notify(cloud);
    },
    setServerAddresses: (id, ports) => setServerAddresses(cloud, id, ports),
    updateServer: (id, change) => {
      touch(present(cloud, id), change);
      notify(cloud);
    },
  };
}

/** Shares by hand. */
export function shareHands(cloud: Cloud): Pick<Sandbox, 'share' | 'addShare' | 'deleteShare' | 'updateShare'> {
  return {
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

/** Access rules by hand. */
export function ruleHands(
  cloud: Cloud,
): Pick<Sandbox, 'rulesOf' | 'addRule' | 'removeRule' | 'setRuleState' | 'onRuleChange' | 'waitForRules'> {
  const copies = (shareId: string) => rulesOf(cloud, shareId).map((rule) => ({ ...rule }));
  const ruleOf = (id: string) => {
    const rule = cloud.rules.get(id);
    if (!rule) throw new Error(`No access rule ${id} in the sandbox`);
    return rule;
  };
  return {
    rulesOf: copies,
    addRule: (shareId, rule) => addRule(cloud, shareOf(cloud, shareId), rule),
    removeRule: (id) => dropRule(cloud, ruleOf(id)),
    setRuleState: (id, state) => setRuleState(cloud, ruleOf(id), state),
    onRuleChange: (listener) => {
      cloud.ruleListeners.add(listener);
      return () => cloud.ruleListeners.delete(listener);
    },
    waitForRules: async (shareId, areWanted) => {
      await waitUntil(cloud, () => areWanted(copies(shareId)));
      return copies(shareId);
    },
  };
}

/** The pace of the cloud's work, and waiting for it. */
export function workHands(cloud: Cloud): Pick<Sandbox, 'setAccessDelay' | 'step' | 'waitUntil'> {
  return {
    setAccessDelay: (ms) => {
      cloud.stepMs = ms;
    },
    step: () => step(cloud),
    waitUntil: (isSo) => waitUntil(cloud, isSo),
  };
}

function shareOf(cloud: Cloud, id: string): Share {
  const share = cloud.shares.get(id);
  if (!share) throw new Error(`No share ${id} in the sandbox`);
  return share;
}
