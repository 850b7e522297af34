import type { ServerResponse } from 'node:http';
import type { FastifyReply } from 'fastify';
import type { ExecutionResult } from 'graphql';
import { eventStreamOf } from '../../attachments/events.ts';
import type { OpenSubscription, Operation } from '../../graphql/execution/execute.ts';
import type { Session } from '../../openstack/session.ts';
import { type GraphQLTransportOptions, startOperationDeadline } from '../graphql.ts';
import { logFieldsOf } from '../request-log.ts';
import type { WatchToken } from '../revalidation.ts';

/** How long a client waits before it reconnects, in ms; while the gateway stops, up to SHUTDOWN_SPREAD_MS longer. */
const RETRY_MS = 1000;
/** setTimeout's longest delay. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;
const COMPLETE = 'event: complete\ndata: \n\n';

/** A subscription that has started. */
export interface StartedSubscription extends OpenSubscription {
  readonly operation: Operation;
  readonly session: Session;
  /** Releases what the subscription counts for. */
  readonly release: () => void;
  readonly watchToken: WatchToken;
}

export interface Streams {
  /** Takes over the response and sends each event of the source. */
  start(reply: FastifyReply, subscription: StartedSubscription): void;
  size(): number;
  /** Completes all streams; their clients reconnect over SHUTDOWN_SPREAD_MS. */
  close(): void;
}

interface Stream {
  readonly response: ServerResponse;
  /** Sends `complete` and ends. */
  complete(retryMs: number): void;
}

/** Creates the event streams of this transport. One timer sends a comment on each, every WS_KEEPALIVE_MS. */
export function createStreams({ config, executor, makeContext, metrics }: GraphQLTransportOptions): Streams {
  const streams = new Set<Stream>();
  const heartbeat = setInterval(() => {
    for (const { response } of streams) write(response, ':\n\n');
  }, config.WS_KEEPALIVE_MS);
  heartbeat.unref();

  /** A client that does not read is cut off: it resumes from the last event that it has read. */
  function write(response: ServerResponse, text: string): boolean {
    if (response.destroyed || response.writableEnded) return false;
    if (response.writableLength > config.WS_MAX_BUFFER_BYTES) {
      response.destroy();
      return false;
    }
    response.write(text);
    return true;
  }

  function start(reply: FastifyReply, subscription: StartedSubscription): void {
    const { session, source, release, watchToken } = subscription;
    const response = begin(reply, subscription);
    const stream: Stream = {
      response,
      complete(retryMs) {
        write(response, `retry: ${retryMs}\n${COMPLETE}`);
        // a stop waits for connections, also for idle ones
        const { socket } = response;
        response.end(() => socket?.end());
      },
    };
    streams.add(stream);
    const untilExpiry = Math.min(session.identity.expiresAt - Date.now(), LONGEST_TIMEOUT_MS);
    const expiry = setTimeout(() => stream.complete(RETRY_MS), untilExpiry).unref();
    const unwatch = watchToken(() => stream.complete(RETRY_MS), session);
    response.once('close', () => {
      streams.delete(stream);
      clearTimeout(expiry);
      unwatch();
      release();
      void source.return?.();
    });
    void send(stream, subscription);
  }

  function begin(reply: FastifyReply, { source }: StartedSubscription): ServerResponse {
    const fields = logFieldsOf(reply.request);
    fields.startedMs = reply.elapsedTime;
    reply.hijack();
    const response = reply.raw;
    response.socket?.setTimeout(0);
    response.writeHead(200, {
      ...(reply.getHeaders() as Record<string, string>),
      'content-type': 'text/event-stream; charset=utf-8',
      // nginx: each event is passed on at once
      'x-accel-buffering': 'no',
    });
    // also a client that loses the connection before the first event resumes from here
    const cursor = eventStreamOf(source)?.cursor();
    response.write(`retry: ${RETRY_MS}\n${cursor === undefined ? '' : `id: ${cursor}\n`}\n`);
    return response;
  }

  async function send(stream: Stream, { source, operation, prepared, session }: StartedSubscription): Promise<void> {
    try {
      for (let step = await source.next(); !step.done; step = await source.next()) {
        const result = await execute(step.value, operation, prepared, session);
        if (!write(stream.response, frameOf(result, step.value))) return;
        metrics?.count('nmg_events_delivered_total', { transport: 'graphql_sse' });
      }
    } catch (error) {
      write(stream.response, frameOf({ errors: [executor.formatError(error, operation)] }, null));
    }
    stream.complete(RETRY_MS);
  }

  async function execute(
    event: unknown,
    operation: Operation,
    prepared: OpenSubscription['prepared'],
    session: Session,
  ): Promise<ExecutionResult> {
    const deadline = startOperationDeadline(config);
    try {
      const context = makeContext({ ...session, signal: () => deadline.signal });
      return await executor.executeSubscriptionEvent(operation, prepared, context, event);
    } finally {
      deadline.end();
    }
  }

  return {
    start,
    size: () => streams.size,
    close() {
      clearInterval(heartbeat);
      for (const stream of streams) {
        stream.complete(Math.round(RETRY_MS + Math.random() * config.SHUTDOWN_SPREAD_MS));
      }
    },
  };
}

/** A `next` message of the protocol, with the event's cursor as its id. */
function frameOf({ errors, ...result }: ExecutionResult, event: unknown): string {
  const { cursor } = (event ?? {}) as { cursor?: unknown };
  const payload = { ...result, ...(errors && { errors: errors.map((error) => error.toJSON()) }) };
  const id = typeof cursor === 'string' ? `id: ${cursor}\n` : '';
  return `${id}event: next\ndata: ${JSON.stringify(payload)}\n\n`;
}
