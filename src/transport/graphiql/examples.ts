/** An operation that GraphiQL opens in a tab; `variables` is JSON text. */
export interface Example {
  readonly query: string;
  readonly variables?: string;
}

const DASHBOARD = `# Every server, its attached shares,
# and how to mount each.
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

const json = (value: object) => JSON.stringify(value, null, 2);

/** The operations that GraphiQL opens with: for the sandbox's demo server and share, or else with empty ids. */
export function examples(sandbox: { readonly serverId: string; readonly shareId: string } | null): readonly Example[] {
  const { serverId, shareId } = sandbox ?? { serverId: '', shareId: '' };
  // the demo server is the last of forty
  const filter = sandbox ? { name: 'web-01' } : {};
  return [
    { query: DASHBOARD, variables: json({ filter }) },
    { query: LISTEN },
    { query: ATTACH, variables: json({ input: { serverId, shareId, mountPoint: '/mnt/share' } }) },
    { query: DETACH, variables: json({ input: { serverId, shareId } }) },
    { query: CHECK, variables: json({ input: { serverId, shareId } }) },
    { query: SHARES },
  ];
}
