/**
 * Limits on what an execution produces, checked while it runs: the cost of a document is an estimate, because the length
 * of most lists is only known when they have been read.
 */
import { MapperKind, mapSchema } from '@graphql-tools/utils';
import {
  defaultFieldResolver,
  type GraphQLFieldConfig,
  type GraphQLFieldResolver,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  isLeafType,
  isNonNullType,
  isObjectType,
} from 'graphql';
import type { Config } from '../../config.ts';
import { GatewayError } from '../../errors.ts';

/** Number of objects that an execution may complete per tick of the event loop, after which other work runs. */
const OBJECTS_PER_TICK = 500;

export type ResultLimits = Pick<Config, 'MAX_RESULT_OBJECTS' | 'MAX_RESULT_BYTES' | 'REQUEST_TIMEOUT_MS'>;

/** One execution of an operation: what its resolvers receive as context from a limited schema. */
export interface LimitedExecution {
  /** The context of the resolvers. */
  readonly context: unknown;
  readonly limits: ResultLimits;
  /** Rejects with a GatewayError when the execution exceeds a limit or its deadline. */
  readonly stopped: Promise<never>;
  stop(error: GatewayError): void;
  /** After it is stopped every field of the execution waits for this promise, which never settles. */
  never: Promise<never> | null;
  objects: number;
  bytes: number;
  /** Null when a field may complete its objects in this tick of the event loop, else a promise to wait for. */
  waitForTick(objects: number): Promise<void> | null;
}

/** Starts the counters and the deadline of one execution. */
export function startExecution(limits: ResultLimits, context: unknown): LimitedExecution {
  const endsAt = performance.now() + limits.REQUEST_TIMEOUT_MS;
  let reject: (error: GatewayError) => void = () => {};
  const stopped = new Promise<never>((_resolve, rejectStopped) => {
    reject = rejectStopped;
  });
  // The caller races it with the execution, which may end first.
  stopped.catch(() => {});
  let objectsInTick = 0;
  const queue = createTickQueue(() => {
    objectsInTick = 0;
    if (performance.now() > endsAt) execution.stop(deadlineError(limits.REQUEST_TIMEOUT_MS));
  });

  const execution: LimitedExecution = {
    context,
    limits,
    stopped,
    stop(error) {
      execution.never ??= new Promise<never>(() => {});
      reject(error);
    },
    never: null,
    objects: 0,
    bytes: 0,
    waitForTick(count) {
      const admit = () => {
        if (objectsInTick >= OBJECTS_PER_TICK) return false;
        objectsInTick += count;
        return true;
      };
      return queue.isEmpty() && admit() ? null : queue.wait(admit);
    },
  };
  return execution;
}

/**
 * Copies a schema so that its resolvers count what they return, for execution with a LimitedExecution as context. The
 * original resolvers receive the execution's context. Fields of nullable objects also wait for their tick: a promise in the
 * place of a non-null object could reject unobserved, since graphql-js does not wait for the siblings of a failed list
 * item.
 */
export function withResultLimits(schema: GraphQLSchema): GraphQLSchema {
  return mapSchema(schema, {
    [MapperKind.OBJECT_FIELD]: (field, name) => {
      const type = getNamedType(field.type);
      if (!isLeafType(type)) return { ...field, resolve: countingObjects(field, propertyLeavesOf(type)) };
      // Leaves without a resolver are properties, counted with their object: a resolver of their own takes much longer.
      return field.resolve ? { ...field, resolve: countingLeaf(field.resolve, name) } : field;
    },
  });
}

/** The names of a type's leaf fields without a resolver. */
function propertyLeavesOf(type: GraphQLNamedType): readonly string[] {
  if (!isObjectType(type)) return [];
  return Object.values(type.getFields())
    .filter((field) => !field.resolve && isLeafType(getNamedType(field.type)))
    .map(({ name }) => name);
}

/** Fields that wait for their tick, in order. `onTick` is called at the start of each tick while any field waits. */
function createTickQueue(onTick: () => void) {
  let waiting: { admit: () => boolean; resolve: () => void }[] = [];
  let head = 0;

  function tick(): void {
    onTick();
    while (waiting[head]?.admit()) waiting[head++]?.resolve();
    if (head < waiting.length) {
      setImmediate(tick);
      return;
    }
    waiting = [];
    head = 0;
  }

  return {
    isEmpty: () => waiting.length === 0,
    wait: (admit: () => boolean) =>
      new Promise<void>((resolve) => {
        if (waiting.length === 0) setImmediate(tick);
        waiting.push({ admit, resolve });
      }),
  };
}

type Resolver = GraphQLFieldResolver<unknown, LimitedExecution>;

function countingLeaf(resolve: GraphQLFieldResolver<unknown, unknown>, name: string): Resolver {
  return (parent, args, execution, info) => {
    if (execution.never) return execution.never;
    const value = resolve(parent, args, execution.context, info);
    if (!isPromise(value)) {
      countBytes(execution, name.length + sizeOf(value));
      return value;
    }
    return value.then((settled) => {
      countBytes(execution, name.length + sizeOf(settled));
      return execution.never ?? settled;
    });
  };
}

function countingObjects(
  { type, resolve = defaultFieldResolver }: GraphQLFieldConfig<unknown, unknown>,
  propertyLeaves: readonly string[],
): Resolver {
  const isNullable = !isNonNullType(type);
  const counted = (execution: LimitedExecution, value: unknown) => {
    const objects = Array.isArray(value) ? value.length : Number(value !== null && value !== undefined);
    countObjects(execution, objects);
    if (propertyLeaves.length > 0) countBytes(execution, sizeOfProperties(value, propertyLeaves));
    if (execution.never) return execution.never;
    const tick = isNullable ? execution.waitForTick(objects) : null;
    return tick ? tick.then(() => execution.never ?? value) : value;
  };
  return (parent, args, execution, info) => {
    if (execution.never) return execution.never;
    const value = resolve(parent, args, execution.context, info);
    return isPromise(value) ? value.then((settled) => counted(execution, settled)) : counted(execution, value);
  };
}

function countObjects(execution: LimitedExecution, objects: number): void {
  execution.objects += objects;
  const { MAX_RESULT_OBJECTS } = execution.limits;
  if (execution.objects > MAX_RESULT_OBJECTS) execution.stop(resultLimitError(MAX_RESULT_OBJECTS, 'objects'));
}

function countBytes(execution: LimitedExecution, bytes: number): void {
  execution.bytes += bytes;
  const { MAX_RESULT_BYTES } = execution.limits;
  if (execution.bytes > MAX_RESULT_BYTES) execution.stop(resultLimitError(MAX_RESULT_BYTES, 'bytes'));
}

/** The approximate size of a leaf's JSON in bytes. */
function sizeOf(value: unknown): number {
  if (typeof value === 'string') return value.length + 4;
  if (typeof value !== 'object' || value === null || value instanceof Date) return 8;
  let size = 6;
  for (const [key, one] of Object.entries(value)) size += key.length + sizeOf(one);
  return size;
}

/** The same for the properties of an object, or of each object of a list. */
function sizeOfProperties(value: unknown, names: readonly string[]): number {
  if (typeof value !== 'object' || value === null) return 0;
  let size = 0;
  for (const object of Array.isArray(value) ? value : [value]) {
    if (typeof object !== 'object' || object === null) continue;
    for (const name of names) size += name.length + sizeOf(object[name]);
  }
  return size;
}

function isPromise(value: unknown): value is Promise<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}

function resultLimitError(limit: number, unit: string): GatewayError {
  const message = `Result limit of ${limit} ${unit} exceeded: ask for fewer fields, or a smaller \`first\``;
  return new GatewayError('LIMIT_EXCEEDED', message);
}

function deadlineError(ms: number): GatewayError {
  return new GatewayError('UPSTREAM_TIMEOUT', `The operation took longer than ${ms} ms`);
}
