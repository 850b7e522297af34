/** Every code of `extensions.code`: its HTTP status if no field was resolved, when it occurs, and what the client should do. docs/errors.md lists them. */
export const ERROR_CODES = {
  UNAUTHENTICATED: {
    status: 401,
    when: 'The token is missing, invalid or expired.',
    then: 'Get a new token from Keystone.',
  },
  FORBIDDEN: {
    status: 403,
    when: 'The policy of Nova, Manila or the gateway does not allow it to this token.',
    then: 'Ask for the role, or use a token of another project.',
  },
  NOT_FOUND: {
    status: 404,
    when: 'The server, share or attachment does not exist for this token.',
    then: 'Check the id and the project.',
  },
  BAD_USER_INPUT: {
    status: 400,
    when: 'A variable or an argument is not valid for the schema or for OpenStack.',
    then: 'Correct it: the message says what was expected and what was received.',
  },
  CONFLICT: {
    status: 409,
    when: 'It conflicts with the present state: other arguments, a mount point in use, a state that does not allow it.',
    then: 'Read the attachment, server or share again and decide.',
  },
  NOT_SUPPORTED: {
    status: 501,
    when: 'The cloud, its compute hosts or the flavor lack what the request needs; the message says what is needed and what is there.',
    then: 'Attach with `via: ACCESS_RULE`, or leave the argument out.',
  },
  QUOTA_EXCEEDED: {
    status: 413,
    when: 'A quota or rate limit of OpenStack is exceeded.',
    then: 'Free resources, or wait.',
  },
  CURSOR_EXPIRED: {
    status: 410,
    when: 'The event log no longer contains the cursor.',
    then: 'List the attachments again and subscribe from `eventCursor`.',
  },
  LIMIT_EXCEEDED: {
    status: 503,
    when: 'A limit of the gateway is exceeded.',
    then: 'Request less at once, or wait as long as `Retry-After` says.',
  },
  UPSTREAM_ERROR: {
    status: 502,
    when: 'An OpenStack service sent an invalid response.',
    then: 'Quote `openstackRequestId` to the operators.',
  },
  UPSTREAM_UNAVAILABLE: {
    status: 503,
    when: 'An OpenStack service cannot be reached, or reports that it is unavailable.',
    then: 'Try again later.',
  },
  UPSTREAM_TIMEOUT: {
    status: 504,
    when: 'An OpenStack service did not respond in time; the request may still take effect.',
    then: 'Read the present state before retrying.',
  },
  STATE_UNAVAILABLE: {
    status: 503,
    when: 'The attachment store (Redis) is unavailable; nothing was sent to OpenStack.',
    then: 'Try again later.',
  },
  INTERNAL_SERVER_ERROR: {
    status: 500,
    when: 'A bug in the gateway.',
    then: 'Report it with `requestId`.',
  },
} as const satisfies Record<string, { status: number; when: string; then: string }>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** Every code that an attachment's `fault` can have: work that failed after the request was accepted. docs/errors.md lists them. */
export const FAULT_CODES = {
  UPSTREAM_REFUSED: {
    when: 'Nova or Manila rejected a call that the attachment needs; `message` has its words.',
    then: 'Correct what it names, then attach or detach again.',
  },
  UPSTREAM_FAILING: {
    when: 'Nova or Manila keeps failing at a call that the attachment needs; the gateway tries again, less and less often. `message` has the latest response.',
    then: 'Wait; if it lasts, quote `openstackRequestId` to the operators.',
  },
  RULE_ERROR: {
    when: 'An access rule is in error: Manila could not apply it.',
    then: 'Read the message of Manila’s driver in `message`, then attach again, or detach.',
  },
  RULE_MISSING: {
    when: 'An access rule does not exist: it was removed in Manila, or was never granted and the caller’s token has expired.',
    then: 'Attach again: only a user’s token grants access.',
  },
  LEVEL_CONFLICT: {
    when: 'The share has a rule for the same client with another access level.',
    then: 'Attach with that access level, or remove that rule in Manila.',
  },
  DEADLINE_EXCEEDED: {
    when: 'Manila did not apply the access rules within `ATTACH_DEADLINE_MS`.',
    then: 'Ask the operators about the share’s back end, then attach again, or detach.',
  },
  DENY_FAILED: {
    when: 'An access rule still exists after 5 denials: the guest may still have access.',
    then: 'Detach again, or remove the rule in Manila.',
  },
  DETACH_ABANDONED: {
    when: 'The request to detach ended before Manila accepted it; the attachment is as it was.',
    then: 'Detach again.',
  },
  SERVER_NOT_STOPPED: {
    when: 'The server was started before Nova was asked to attach or detach with virtiofs.',
    then: 'Stop the server with `stopServer`, then attach or detach again.',
  },
  MAPPING_MISSING: {
    when: 'Nova has no share attachment, and only a user’s token may request one.',
    then: 'Attach again, or detach.',
  },
  NOVA_ERROR: {
    when: 'Nova shows the share attachment in error; `message` has the details where policy shows them.',
    then: 'With the server stopped, attach again or detach; `rebootServer` with `isHard: true` repeats a mount that failed.',
  },
  SHARE_DELETED: {
    when: 'The share is deleted while Nova still has it attached: the server will not start.',
    then: 'Detach the share.',
  },
} as const satisfies Record<string, { when: string; then: string }>;

export type FaultCode = keyof typeof FAULT_CODES;

/** Details of an upstream failure, for the client to quote. */
export interface UpstreamDetails {
  /** `nova`, `manila` or `keystone`. */
  service?: string;
  /** The HTTP status of the service's response. */
  status?: number;
  /** When to try again, in seconds. */
  retryAfter?: number;
  /** The service's own request id. */
  openstackRequestId?: string;
}

/** An error whose message is meant for clients and sent unchanged. Any other error that is thrown is a bug and is masked. */
export class GatewayError extends Error {
  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly details: UpstreamDetails = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'GatewayError';
  }
}
