import { type Cache, cacheExchange, type Link } from '@urql/exchange-graphcache';

/** Types without an id of their own belong to the object around them. */
const embedded = () => null;

interface Placed {
  readonly id: string;
  readonly serverId: string;
  readonly shareId: string;
  readonly status: string;
}

type Filter = { serverId?: string; shareId?: string; status?: readonly string[] } | null | undefined;

/** The list with or without the key; the same list if nothing changes. */
function listWith(keys: readonly string[], key: string, isListed: boolean): readonly string[] {
  const has = keys.includes(key);
  if (has === isListed) return keys;
  return isListed ? [...keys, key] : keys.filter((other) => other !== key);
}

function matches(filter: Filter, { serverId, shareId, status }: Placed): boolean {
  if (filter?.serverId && filter.serverId !== serverId) return false;
  if (filter?.shareId && filter.shareId !== shareId) return false;
  return !filter?.status?.length || filter.status.includes(status);
}

function linkAttachments(
  cache: Cache,
  owner: { __typename: string; id: string },
  field: string,
  link: (keys: readonly string[]) => readonly string[],
) {
  for (const { fieldName, fieldKey, arguments: args } of cache.inspectFields(owner)) {
    if (fieldName !== field) continue;
    const keys = cache.resolve(owner, fieldKey);
    if (Array.isArray(keys)) cache.link(owner, field, args, [...link(keys as string[])] as Link);
  }
}

/** Adds an attachment to every list in the cache that it belongs to, and removes it from the others. */
function placeAttachment(cache: Cache, attachment: Placed): void {
  const key = cache.keyOfEntity({ __typename: 'ShareAttachment', id: attachment.id });
  if (key === null) return;
  const isAttached = attachment.status !== 'DETACHED';
  const link = (keys: readonly string[]) => listWith(keys, key, isAttached);
  linkAttachments(cache, { __typename: 'Server', id: attachment.serverId }, 'sharesAttached', link);
  linkAttachments(cache, { __typename: 'Share', id: attachment.shareId }, 'serversAttached', link);
  placeInConnections(cache, attachment, key, isAttached);
}

/** Pages of one list differ in `after`: a new attachment belongs to the last one, as the oldest come first. */
function placeInConnections(cache: Cache, attachment: Placed, key: string, isAttached: boolean): void {
  const pages = cache.inspectFields('Query').filter(({ fieldName }) => fieldName === 'shareAttachments');
  const listKey = ({ after: _after, first: _first, ...args }: Record<string, unknown>) => JSON.stringify(args);
  const read = pages.flatMap(({ fieldKey, arguments: args }) => {
    const page = cache.resolve('Query', fieldKey) as string | null;
    const keys = page && cache.resolve(page, 'nodes');
    if (!page || !Array.isArray(keys)) return [];
    const info = cache.resolve(page, 'pageInfo') as string | null;
    const isLast = !info || cache.resolve(info, 'hasNextPage') === false;
    return [{ page, keys: keys as string[], isLast, list: listKey(args ?? {}), filter: args?.['filter'] as Filter }];
  });
  for (const { page, keys, isLast, list, filter } of read) {
    const isListed = isAttached && matches(filter, attachment);
    const isElsewhere = read.some((other) => other.page !== page && other.list === list && other.keys.includes(key));
    const next = listWith(keys, key, isListed && (keys.includes(key) || (isLast && !isElsewhere)));
    if (next !== keys) cache.link(page, 'nodes', [...next] as Link);
  }
}

/** The normalised cache. Each object is stored once, so that an event of the subscription changes every view of it. */
export const createCache = () =>
  cacheExchange({
    keys: {
      AttachProblem: embedded,
      AttachShareOption: embedded,
      AttachSharesPayload: embedded,
      AttachmentOutcome: embedded,
      AttachmentFault: embedded,
      DetachSharesPayload: embedded,
      Limit: embedded,
      Limits: embedded,
      OutcomeError: embedded,
      PageInfo: embedded,
      ServerAddress: embedded,
      ServerConnection: embedded,
      ShareAttachmentConnection: embedded,
      ShareAttachmentEvent: embedded,
      ShareAttachmentHistoryConnection: embedded,
      ShareConnection: embedded,
      ShareLimits: embedded,
      Viewer: embedded,
    },
    resolvers: {
      Query: {
        shareAttachment: (_parent, { serverId, shareId }) => ({
          __typename: 'ShareAttachment',
          id: `${serverId}:${shareId}`,
        }),
      },
    },
    updates: {
      Subscription: {
        shareAttachmentEvents: ({ shareAttachmentEvents: event }, _args, cache) =>
          placeAttachment(cache, (event as unknown as { attachment: Placed }).attachment),
      },
    },
  });
