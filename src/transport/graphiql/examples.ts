/** An operation that GraphiQL opens in a tab; `variables` is JSON text. */
export interface Example {
  readonly query: string;
  readonly variables?: string;
}

const DASHBOARD = `# Servers, their attached shares, and how to mount
# each. Without the filter below: every server.
query Dashboard($filter: ServerFilter) {
  servers(first: 50, filter: $filter) {
    nodes {
      name
      status
      flavor { name vcpus ramMib }
      addresses { network address type }
      sharesAttached {
        status
        mountPoint
        mountCommands
        share { name sizeGib protocol }
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}`;

const LISTEN = `# Start this, then attach or detach in another tab:
# every change arrives here, newest first.
subscription Listen {
  shareAttachmentEvents {
    type
    at
    attachment {
      status
      mountPoint
      server { name }
      share { name }
      fault { code message }
    }
    cursor
  }
}`;

const ATTACH = `# Attaches a share to a server.
# Start Listen first to see it become ATTACHED.
mutation Attach($input: AttachShareInput!) {
  attachShare(input: $input) {
    attachment {
      status
      mountPoint
      accessLevel
      mountCommands
      accessRules { accessType accessTo state }
      server { name }
      share { name }
    }
  }
}`;

const DETACH = `# Detaches it. In a real guest, unmount first.
mutation Detach($input: DetachShareInput!) {
  detachShare(input: $input) {
    attachment { status }
  }
}`;

const CHECK = `# Which ways to attach are open, and what
# stands against them. Changes nothing.
query Check($input: AttachShareCheckInput!) {
  attachShareCheck(input: $input) {
    via
    isOpen
    problems { code certainty message field }
    accessTo
    mountCommands
  }
}`;

const VIRTIOFS = `# Attaches a share by Nova's virtiofs: the server must
# be stopped. Then start it, in the next tab.
mutation Virtiofs($input: AttachShareInput!) {
  attachShare(input: $input) {
    attachment {
      status
      virtiofs { tag status }
      mountCommands
      server { name status }
      share { name }
    }
  }
}`;

const POWER = `# Three operations: the run button asks which.
# Start and Reboot are rejected while a share is
# being attached or detached by virtiofs.
mutation Start($input: ServerActionInput!) {
  startServer(input: $input) {
    server { status taskState }
    openstackRequestId
  }
}

mutation Stop($input: ServerActionInput!) {
  stopServer(input: $input) {
    server { status taskState }
    openstackRequestId
  }
}

mutation Reboot($input: RebootServerInput!) {
  rebootServer(input: $input) {
    server { status taskState }
    openstackRequestId
  }
}`;

const SHARES = `# Every share with its export locations, its access
# rules, and the servers it is attached to.
query Shares {
  shares(first: 50) {
    totalCount
    nodes {
      id
      name
      status
      protocol
      sizeGib
      exportLocations { path preferred }
      accessRules { accessType accessTo accessLevel state }
      serversAttached { status server { id name } }
    }
    pageInfo { hasNextPage endCursor }
  }
}`;

const MANY = `# Many pairs with one request: an outcome each.
mutation Many($input: AttachSharesInput!) {
  attachShares(input: $input) {
    outcomes {
      attachment { status server { name } share { name } }
      error { code message }
    }
  }
}

mutation ManyDetach($input: DetachSharesInput!) {
  detachShares(input: $input) {
    outcomes {
      attachment { status }
      error { code message }
    }
  }
}`;

const HISTORY = `# What happened to attachments, newest first,
# and what was done to a server.
query History($serverId: ID!) {
  shareAttachmentHistory(first: 20) {
    nodes {
      at
      type
      reason
      attachment { status server { name } share { name } }
    }
    pageInfo { hasNextPage endCursor isTruncated }
  }
  server(id: $serverId) {
    actions(first: 10) {
      nodes { action createdAt message userId }
    }
  }
}`;

const FIND = `# A server by its address; servers without
# shares, by name; the largest shares first.
query Find($address: String!) {
  serverByAddress(address: $address) { id name status }
  servers(filter: { hasShares: false }, orderBy: { field: NAME }) {
    nodes { id name }
    pageInfo { hasNextPage endCursor }
  }
  shares(first: 5, orderBy: { field: SIZE, direction: DESC }) {
    nodes { id name sizeGib }
  }
}`;

const CREATE_SHARE = `# Creates a share. Start Share events first
# to see it become available.
mutation CreateShare($input: CreateShareInput!) {
  createShare(input: $input) {
    share { id name status }
    operation { status fault { code message } }
  }
}`;

const SHARE_EVENTS = `# What becomes of the shares that are created,
# resized or deleted through this gateway.
subscription ShareEvents {
  shareEvents {
    type
    at
    share { id name status sizeGib }
    operation { fault { code message } }
    cursor
  }
}`;

const RESIZE_SHARE = `# Extends a share, or shrinks it.
mutation ResizeShare($input: ResizeShareInput!) {
  resizeShare(input: $input) {
    share { name status sizeGib }
    operation { status }
  }
}`;

const DELETE_SHARE = `# Deletes a share and its data. While it is
# attached that is rejected, unless detach is true.
mutation DeleteShare($input: DeleteShareInput!) {
  deleteShare(input: $input) {
    shareId
    operation { status fault { code message } }
  }
}`;

const SNAPSHOT = `# Takes a snapshot, from which createShare
# creates another share.
mutation Snapshot($input: CreateSnapshotInput!) {
  createSnapshot(input: $input) {
    snapshot { id name status shareSizeGib }
  }
}`;

const QUOTA = `# What can be created, and what is left.
query Quota {
  shareTypes { name isDefault needsShareNetwork }
  limits {
    servers { servers { maximum used } vcpus { maximum used } }
    shares { shares { maximum used } shareGib { maximum used } }
  }
}`;

const json = (value: object) => JSON.stringify(value, null, 2);

/** The objects of the sandbox's demo cloud that the examples name. */
export interface ExampleIds {
  readonly serverId: string;
  /** A server that can be attached to by virtiofs at once. */
  readonly stoppedServerId: string;
  readonly shareId: string;
}

/** The operations that GraphiQL opens with: for the sandbox's demo servers and share, or else with empty ids. */
export function examples(sandbox: ExampleIds | null): readonly Example[] {
  const { serverId, stoppedServerId, shareId } = sandbox ?? { serverId: '', stoppedServerId: '', shareId: '' };
  // the demo server is the last of forty: the filter shows it, and is said in the example's comment
  const filter = sandbox ? { name: 'web-01' } : {};
  return [
    { query: DASHBOARD, variables: json({ filter }) },
    { query: LISTEN },
    { query: ATTACH, variables: json({ input: { serverId, shareId, mountPoint: '/mnt/share' } }) },
    { query: DETACH, variables: json({ input: { serverId, shareId } }) },
    { query: CHECK, variables: json({ input: { serverId, shareId } }) },
    {
      query: VIRTIOFS,
      variables: json({
        input: { serverId: stoppedServerId, shareId, mountPoint: '/mnt/data', via: 'VIRTIOFS', tag: 'data' },
      }),
    },
    { query: POWER, variables: json({ input: { serverId: stoppedServerId } }) },
    { query: SHARES },
    { query: MANY, variables: json({ input: { attachments: [{ serverId, shareId }] } }) },
    { query: HISTORY, variables: json({ serverId }) },
    { query: FIND, variables: json({ address: sandbox ? '10.10.0.11' : '' }) },
    { query: QUOTA },
    { query: SHARE_EVENTS },
    { query: CREATE_SHARE, variables: json({ input: { name: 'my-share', sizeGib: 1, protocol: 'NFS' } }) },
    { query: RESIZE_SHARE, variables: json({ input: { shareId, sizeGib: 200 } }) },
    { query: SNAPSHOT, variables: json({ input: { shareId, name: 'before' } }) },
    { query: DELETE_SHARE, variables: json({ input: { shareId, detach: true } }) },
  ];
}
