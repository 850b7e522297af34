import { STATUSES as ATTACHMENT_STATUSES, EVENT_TYPES } from '../attachments/attachment.ts';
import { SWEEP_KINDS } from '../attachments/drift/report.ts';
import { ERROR_CODES } from '../errors.ts';

/**
 * The values that a label may have: a list, or the number of different values that are kept as they come. Any other value
 * is counted as `other`, so that no client and no cloud can make the number of time series grow.
 */
export type LabelValues = readonly string[] | number;

/** A metric: its type, what it measures, its labels with their values and, for a histogram, its buckets. */
export interface Series {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels: Readonly<Record<string, LabelValues>>;
  /** Upper bounds, in the unit of the metric's name. */
  readonly buckets?: readonly number[];
}

const TRANSPORTS = ['graphql_http', 'graphql_ws', 'graphql_sse', 'compute_api', 'vendordata'];
const OPERATIONS = ['query', 'mutation', 'subscription', 'none'];
const SERVICES = ['keystone', 'nova', 'manila'];

/** `OK`, the codes of errors.ts, those of GraphQL's own errors, and the class of a status that has no code. */
const CODES = [
  'OK',
  ...Object.keys(ERROR_CODES),
  ...['BAD_REQUEST', 'GRAPHQL_PARSE_FAILED', 'GRAPHQL_VALIDATION_FAILED', 'OPERATION_RESOLUTION_FAILURE'],
  ...['PERSISTED_QUERY_NOT_SUPPORTED', 'HTTP_4XX', 'HTTP_5XX'],
  // Nova's fault names, of the compute API
  ...['badRequest', 'forbidden', 'itemNotFound', 'badMethod', 'conflictingRequest', 'overLimit', 'badMediaType'],
  ...['notImplemented', 'serviceUnavailable', 'computeFault'],
];

/** What OpenStack's services answer; `timeout`, `unreachable` and `bad_response` are calls without a usable response. */
const STATUSES = [
  ...['200', '201', '202', '204', '300', '400', '401', '403', '404', '405', '406', '408', '409', '410', '413', '415'],
  ...['422', '429', '500', '501', '502', '503', '504', 'timeout', 'unreachable', 'bad_response'],
];

const REQUEST_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

const counter = <L extends Record<string, LabelValues>>(help: string, labels: L) =>
  ({ type: 'counter', help, labels }) as const;
const gauge = <L extends Record<string, LabelValues>>(help: string, labels: L) =>
  ({ type: 'gauge', help, labels }) as const;
const histogram = <L extends Record<string, LabelValues>>(help: string, labels: L, buckets: readonly number[]) =>
  ({ type: 'histogram', help, labels, buckets }) as const;

/** Every metric of the gateway; docs/operations.md is generated from this table. */
export const SERIES = {
  nmg_requests_total: counter('Requests and operations that were answered, by the code of their first error.', {
    transport: TRANSPORTS,
    operation: OPERATIONS,
    code: CODES,
  }),
  nmg_request_duration_seconds: histogram(
    'Time from the request to its response; for a subscription, to its start.',
    { transport: TRANSPORTS, operation: OPERATIONS },
    REQUEST_BUCKETS,
  ),
  nmg_upstream_requests_total: counter('Calls to OpenStack, retries included. A route has `{id}` for each id.', {
    service: SERVICES,
    method: ['GET', 'POST', 'PUT', 'DELETE'],
    route: 48,
    status: STATUSES,
  }),
  nmg_upstream_request_duration_seconds: histogram(
    'Time from sending a call to OpenStack to its response.',
    { service: SERVICES, method: ['GET', 'POST', 'PUT', 'DELETE'] },
    REQUEST_BUCKETS,
  ),
  nmg_vendordata_requests_total: counter(
    'Requests of Nova’s metadata service to `/vendordata`. Nova shows the guest nothing of a failure.',
    {
      document: ['shares', 'installer'],
      outcome: ['ok', 'unauthenticated', 'forbidden', 'invalid', 'recovering', 'unavailable'],
    },
  ),
  nmg_upstream_up: gauge('1 while the service answers, 0 after its calls have failed (the log has the reason).', {
    service: SERVICES,
  }),
  nmg_attachments: gauge('Attachments of all projects in the store. Every gateway on a store shows the same number.', {
    status: ATTACHMENT_STATUSES,
  }),
  nmg_oldest_unsettled_attachment_seconds: gauge(
    'Time since the oldest attachment that is attaching or detaching came into that status; 0 without one.',
    {},
  ),
  nmg_reconciles_scheduled: gauge('Attachments that are scheduled for reconciling, due or not.', {}),
  nmg_reconciles_total: counter('Reconciles of this process, by how they ended.', {
    outcome: ['settled', 'requeued', 'held', 'no_token', 'interrupted', 'failed'],
  }),
  nmg_drift_scan_duration_seconds: histogram(
    'Time of a drift scan. `incomplete`: something was not compared.',
    { outcome: ['complete', 'incomplete', 'failed'] },
    [0.1, 0.5, 1, 5, 10, 30, 60, 300],
  ),
  nmg_drift_findings_total: counter('Findings of drift scans. `manual`: an operator has to decide.', {
    kind: SWEEP_KINDS,
    outcome: ['done', 'manual'],
  }),
  nmg_events_published_total: counter('Events that this process wrote to the logs.', { type: EVENT_TYPES }),
  nmg_events_delivered_total: counter('Events that were sent to subscribers, each counted once.', {
    transport: ['graphql_ws', 'graphql_sse'],
  }),
  nmg_websockets: gauge('Open WebSockets.', {}),
  nmg_subscriptions: gauge('Open subscriptions.', { transport: ['graphql_ws', 'graphql_sse'] }),
  nmg_websockets_closed_total: counter(
    'WebSockets that were closed, by code. `too_slow`: the client did not read its events; `stalled`: it did not answer.',
    {
      reason: [
        ...['too_slow', 'stalled', '1000', '1001', '1005', '1006', '1009', '1012', '1013', '4400', '4401', '4403'],
        ...['4406', '4408', '4409', '4429', '4500'],
      ],
    },
  ),
  nmg_notification_delay_seconds: histogram(
    'Time from an event to the confirmation of the message bus.',
    {},
    [0.1, 0.5, 1, 5, 10, 30, 60, 300, 900],
  ),
  nmg_notifier_pending_projects: gauge('Projects with events that are not on the message bus, at most 100.', {}),
  nmg_store_operation_duration_seconds: histogram(
    'Time of a call to the store, which is Redis unless attachments are kept in memory.',
    { operation: 40, outcome: ['ok', 'failed'] },
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5],
  ),
  nmg_redis_up: gauge('1 while the connection for commands is ready, else 0.', {}),
  nmg_token_lookups_total: counter('Tokens that were looked up in the validation cache.', { result: ['hit', 'miss'] }),
} as const satisfies Record<string, Series>;

type AllSeries = typeof SERIES;

/** The names of the metrics of one type. */
export type SeriesName<T extends Series['type']> = {
  [N in keyof AllSeries]: AllSeries[N]['type'] extends T ? N : never;
}[keyof AllSeries];

/** The labels of a metric. */
export type LabelsOf<N extends keyof AllSeries> = { readonly [L in keyof AllSeries[N]['labels']]: string };
