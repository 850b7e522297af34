/** One operation that GraphiQL shows in a tab of its own; `variables` is JSON text. */
export interface Example {
  readonly query: string;
  readonly variables?: string;
}

const DASHBOARD = `# Every server, the shares attached to it,
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

const ATTACH = `# Gives a server access to a share.
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

const DETACH = `# Takes the access away again.
# In a real guest, unmount first.
mutation Detach($input: DetachShareInput!) {
  detachShare(input: $input) {
    attachment { status }
  }
}`;

const SHARES = `# Every share, where it is exported, who may
# mount it, and the servers it is attached to.
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

/** The operations that GraphiQL opens with: about the sandbox's demo server and share, else for the user to fill in ids. */
export function examples(sandbox: { readonly serverId: string; readonly shareId: string } | null): readonly Example[] {
  const { serverId, shareId } = sandbox ?? { serverId: '', shareId: '' };
  // The demo server, which stands last of forty. Without the filter every server is listed.
  const filter = sandbox ? { name: 'web-01' } : {};
  return [
    { query: DASHBOARD, variables: json({ filter }) },
    { query: LISTEN },
    { query: ATTACH, variables: json({ input: { serverId, shareId, mountPoint: '/mnt/share' } }) },
    { query: DETACH, variables: json({ input: { serverId, shareId } }) },
    { query: SHARES },
  ];
}
