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

const TRANSPORTS = ['graphql_http', 'graphql_ws', 'compute_api', 'vendordata'];
const OPERATIONS = ['query', 'mutation', 'subscription', 'none'];
const SERVICES = ['keystone', 'nova', 'manila'];

/** `OK`, the codes of errors.ts, those of GraphQL's own errors, and the class of a status that has no code. */
const CODES = [
  'OK',
  ...Object.keys(ERROR_CODES),
  ...['BAD_REQUEST', 'GRAPHQL_PARSE_FAILED', 'GRAPHQL_VALIDATION_FAILED', 'OPERATION_RESOLUTION_FAILURE'],
  ...['PERSISTED_QUERY_NOT_SUPPORTED', 'HTTP_4XX', 'HTTP_5XX'],
];

/** What OpenStack's services answer; `timeout`, `unreachable` and `bad_response` are calls without a usable response. */
const STATUSES = [
  ...['200', '201', '202', '204', '300', '400', '401', '403', '404', '405', '406', '408', '409', '410', '413', '415'],
  ...['422', '429', '500', '501', '502', '503', '504', 'timeout', 'unreachable', 'bad_response'],
];

const REQUEST_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

const counter = <L extends Record<string, LabelValues>>(help: string, labels: L) =>
  ({ type: 'counter', help, labels }) as const;
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
} as const satisfies Record<string, Series>;

type AllSeries = typeof SERIES;

/** The names of the metrics of one type. */
export type SeriesName<T extends Series['type']> = {
  [N in keyof AllSeries]: AllSeries[N]['type'] extends T ? N : never;
}[keyof AllSeries];

/** The labels of a metric. */
export type LabelsOf<N extends keyof AllSeries> = { readonly [L in keyof AllSeries[N]['labels']]: string };
